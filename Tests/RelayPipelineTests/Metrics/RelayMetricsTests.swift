import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct RelayMetricsTests {
  private static func configuration(
    sources: [String] = ["huggy"], destinations: [String] = ["crm"], routes: [String] = ["all"]
  ) -> Configuration {
    Configuration(
      sources: sources.map { Source(name: $0) },
      destinations: destinations.map { Destination(name: $0, url: Secret("http://\($0).example")) },
      routes: routes.map { Route(name: $0, match: Match(), except: [], action: .drop, stop: false) })
  }

  private func read(_ metrics: RelayMetrics, _ readings: GaugeReadings = GaugeReadings(version: "1.2.3"))
    throws -> ExpositionReader
  {
    try ExpositionReader(metrics.render(readings))
  }

  @Test(arguments: [-3_600, 3_600]) func howFarTheClockIsOffIsNeverNegative(seconds: Int) throws {
    var readings = GaugeReadings(version: "1.2.3")
    let metrics = RelayMetrics(Self.configuration())
    #expect(try read(metrics, readings).values["huggy_relay_clock_offset_seconds"] == nil)
    readings.clockOffset = .seconds(seconds)
    #expect(try read(metrics, readings).values["huggy_relay_clock_offset_seconds"] == "3600.0")
  }

  @Test func theNamesAndTheirKindsAreThosePromised() throws {
    var configuration = Self.configuration()
    configuration.notify = [NoticeReceiver(name: "ops", url: Secret("http://ops.example"))]
    let metrics = RelayMetrics(configuration)
    metrics.source("huggy").events("createdChat")
    metrics.source("huggy").accepted(at: ClockReading(steady: .second(1), wall: .second(1)))
    var readings = GaugeReadings(version: "1.2.3")
    readings.destinations = [GaugeReadings.Destination(name: "crm")]
    readings.sources = [GaugeReadings.Source(name: "huggy", isSilent: false)]
    (readings.storeBytes, readings.storeLimitBytes, readings.isLastReloadSuccessful) = (1, 2, true)
    readings.lastSuccessfulReload = .second(1)
    readings.clockOffset = .zero
    (readings.storeLogBytes, readings.storeReader) = (3, .seconds(4))
    readings.receivers = [NoticeStanding(name: "ops", format: .json, waiting: 0)]
    readings.attachments.bytes = ["huggy": 5]
    readings.nodes = .aloneServing("crm")
    #expect(
      try read(metrics, readings).kinds == [
        "huggy_relay_attachments_total": "counter", "huggy_relay_attachments_pending": "gauge",
        "huggy_relay_attachments_bytes": "gauge",
        "huggy_relay_envelopes_total": "counter", "huggy_relay_events_total": "counter",
        "huggy_relay_requests_refused_total": "counter",
        "huggy_relay_last_accepted_timestamp_seconds": "gauge",
        "huggy_relay_source_silent": "gauge", "huggy_relay_late": "gauge",
        "huggy_relay_events_unrouted_total": "counter", "huggy_relay_events_dropped_total": "counter",
        "huggy_relay_oldest_due_age_seconds": "gauge",
        "huggy_relay_config_last_reload_success_timestamp_seconds": "gauge",
        "huggy_relay_route_matches_total": "counter",
        "huggy_relay_attempts_total": "counter", "huggy_relay_deliveries_settled_total": "counter",
        "huggy_relay_notices_total": "counter", "huggy_relay_notices_waiting": "gauge",
        "huggy_relay_notices_failing_seconds": "gauge",
        "huggy_relay_deliveries_pending": "gauge", "huggy_relay_deliveries_dead": "gauge",
        "huggy_relay_oldest_pending_age_seconds": "gauge",
        "huggy_relay_deliveries_in_flight": "gauge", "huggy_relay_deliveries_orphaned": "gauge",
        "huggy_relay_circuit_open": "gauge", "huggy_relay_paused": "gauge",
        "huggy_relay_ingest_duration_seconds": "histogram",
        "huggy_relay_attempt_duration_seconds": "histogram",
        "huggy_relay_delivery_latency_seconds": "histogram",
        "huggy_relay_request_events": "histogram",
        "huggy_relay_commit_duration_seconds": "histogram",
        "huggy_relay_commit_batch_size": "histogram", "huggy_relay_store_bytes": "gauge",
        "huggy_relay_store_limit_bytes": "gauge", "huggy_relay_store_log_bytes": "gauge",
        "huggy_relay_store_reader_seconds": "gauge", "huggy_relay_store_read_errors_total": "counter",
        "huggy_relay_attempts_held": "gauge", "huggy_relay_nodes": "gauge",
        "huggy_relay_configurations": "gauge", "huggy_relay_destinations_unserved": "gauge",
        "huggy_relay_destinations_served": "gauge",
        "huggy_relay_config_last_reload_successful": "gauge",
        "huggy_relay_log_lines_dropped_total": "counter",
        "huggy_relay_clock_offset_seconds": "gauge", "huggy_relay_build_info": "gauge",
        "process_cpu_seconds_total": "counter",
        "process_resident_memory_bytes": "gauge", "process_virtual_memory_bytes": "gauge",
        "process_open_fds": "gauge", "process_max_fds": "gauge", "process_start_time_seconds": "gauge",
      ])
  }

  @Test func attachmentsAreCountedByWhatBecameOfThem() throws {
    var readings = GaugeReadings(version: "1.2.3")
    readings.attachments.counts = [.fetched: 3, .noRoom: 2]
    readings.attachments.pending = 4
    readings.attachments.bytes = ["huggy": 5]
    let values = try read(RelayMetrics(Self.configuration()), readings).values
    #expect(values["huggy_relay_attachments_total{outcome=\"fetched\"}"] == "3")
    #expect(values["huggy_relay_attachments_total{outcome=\"no_room\"}"] == "2")
    #expect(values["huggy_relay_attachments_total{outcome=\"expired\"}"] == "0")
    #expect(values["huggy_relay_attachments_pending"] == "4")
    #expect(values["huggy_relay_attachments_bytes{source=\"huggy\"}"] == "5")
  }

  @Test func howItStandsWithEachReceiverOfNoticesIsShown() throws {
    var readings = GaugeReadings(version: "1.2.3")
    var ops = NoticeStanding(name: "ops", format: .slack, waiting: 3)
    (ops.failingSince, ops.failingFor) = (.second(0), .milliseconds(90_500))
    readings.receivers = [ops, NoticeStanding(name: "dead-man", format: .heartbeat, waiting: 0)]
    let values = try read(RelayMetrics(Self.configuration()), readings).values
    #expect(values["huggy_relay_notices_waiting{name=\"ops\"}"] == "3")
    #expect(values["huggy_relay_notices_failing_seconds{name=\"ops\"}"] == "90.5")
    #expect(values["huggy_relay_notices_waiting{name=\"dead-man\"}"] == "0")
    #expect(values["huggy_relay_notices_failing_seconds{name=\"dead-man\"}"] == "0")
  }

  @Test func linesThatTheLogDroppedAreCountedFromTheStart() throws {
    let dropped = Counter()
    let metrics = RelayMetrics(Self.configuration(), droppedLogLines: dropped)
    #expect(try read(metrics).values["huggy_relay_log_lines_dropped_total"] == "0")
    dropped.add(3)
    #expect(try read(metrics).values["huggy_relay_log_lines_dropped_total"] == "3")
  }

  @Test func whenTheLastEnvelopeCameIsKnownOfEachSource() throws {
    let metrics = RelayMetrics(Self.configuration(sources: ["huggy", "other"]))
    let wall = Timestamp(microseconds: 1_700_000_000_250_000)
    metrics.source("huggy").accepted(at: ClockReading(steady: .second(1), wall: wall))
    let values = try read(metrics).values
    #expect(values["huggy_relay_last_accepted_timestamp_seconds{source=\"huggy\"}"] == "1700000000.25")
    #expect(
      values["huggy_relay_last_accepted_timestamp_seconds{source=\"other\"}"] == nil,
      "none that is known: no time at all, rather than 1970")
  }

  @Test func refusedRequestsAreCountedByReasonAlsoOfNoSource() throws {
    let metrics = RelayMetrics(Self.configuration())
    for reason in [RefusalReason.notFound, .notFound, .missingToken, .tooManyConnections] {
      metrics.refused(reason)
    }
    let values = try read(metrics).values
    func count(_ reason: String) -> String? {
      values["huggy_relay_requests_refused_total{reason=\"\(reason)\"}"]
    }
    #expect(count("not_found") == "2")
    #expect(count("missing_token") == "1")
    #expect(count("too_many_connections") == "1")
    for reason in [
      "bad_request", "expectation_failed", "headers_too_large", "invalid_encoding", "invalid_envelope",
      "invalid_json",
      "invalid_token", "method_not_allowed", "timeout", "too_large", "too_many_bytes", "unavailable",
      "unsupported_media_type",
    ] {
      #expect(count(reason) == "0", "\(reason)")
    }
  }

  @Test func howManyEventsRequestsCarryIsCounted() throws {
    let metrics = RelayMetrics(Self.configuration(destinations: ["crm", "bi"]))
    let crm = metrics.destination("crm")
    for events in [1, 1, 3, 50, 100] { crm.attempt(Self.attempt, events: events) }
    metrics.destination("bi").attempt(Self.attempt)
    let values = try read(metrics).values
    func value(_ name: String, _ destination: String = "crm", _ more: String = "") -> String? {
      values["huggy_relay_\(name){destination=\"\(destination)\"\(more)}"]
    }
    let buckets = ["1", "2", "5", "10", "20", "50", "100", "+Inf"].map {
      value("request_events_bucket", "crm", ",le=\"\($0)\"")
    }
    #expect(buckets == ["2", "2", "3", "3", "3", "4", "5", "5"])
    #expect(value("request_events_sum") == "155")
    #expect(value("request_events_count") == "5")
    #expect(value("attempts_total", "crm", ",outcome=\"2xx\"") == "5", "a batch is one attempt")
    #expect(value("request_events_sum", "bi") == "1", "without a batch a request carries one")
    #expect(crm.eventsPerRequest == 31)
  }

  @Test func howManyEventsRequestsCarryLatelyIsAMeanThatForgets() throws {
    let metrics = RelayMetrics(Self.configuration())
    let crm = metrics.destination("crm")
    #expect(crm.eventsPerRequest == nil)
    for _ in 0..<10_000 { crm.attempt(Self.attempt, events: 1) }
    #expect(crm.eventsPerRequest == 1)
    for _ in 0..<500 { crm.attempt(Self.attempt, events: 50) }
    let lately = try #require(crm.eventsPerRequest)
    #expect(abs(lately - 50) < 0.01, "\(lately): of all of them it were 3.3")
  }

  private static var attempt: AttemptResult {
    AttemptResult(
      startedAt: .epoch, duration: .milliseconds(1), response: .status(200, body: [], retryAfter: nil))
  }

  @Test func whatIsConfiguredHasItsSeriesFromTheStart() throws {
    let values = try read(RelayMetrics(Self.configuration())).values
    for outcome in [
      "accepted", "duplicate", "handshake", "invalid", "unauthorized", "too_large", "unavailable",
    ] {
      #expect(values["huggy_relay_envelopes_total{source=\"huggy\",outcome=\"\(outcome)\"}"] == "0")
    }
    for outcome in ["2xx", "3xx", "4xx", "5xx", "timeout", "network"] {
      #expect(values["huggy_relay_attempts_total{destination=\"crm\",outcome=\"\(outcome)\"}"] == "0")
    }
    for state in ["delivered", "dead", "discarded", "overflow"] {
      #expect(values["huggy_relay_deliveries_settled_total{destination=\"crm\",state=\"\(state)\"}"] == "0")
    }
    #expect(values["huggy_relay_events_unrouted_total{source=\"huggy\"}"] == "0")
    #expect(values["huggy_relay_route_matches_total{route=\"all\"}"] == "0")
    for name in [
      "huggy_relay_ingest_duration_seconds_count{source=\"huggy\"}",
      "huggy_relay_commit_duration_seconds_count",
    ] {
      #expect(values[name] == "0")
    }
    for name in ["attempt_duration", "delivery_latency"] {
      #expect(values["huggy_relay_\(name)_seconds_count{destination=\"crm\"}"] == "0")
    }
  }

  @Test func whatComesInIsCountedBySource() throws {
    let metrics = RelayMetrics(Self.configuration(sources: ["huggy", "branch"]))
    let source = metrics.source("huggy")
    for outcome in EnvelopeOutcome.allCases { source.envelope(outcome) }
    source.envelope(.tooLarge)
    source.events("createdChat", 2)
    source.events("closed\"Chat\\")
    source.unrouted(3)
    source.ingest(.milliseconds(7))
    let values = try read(metrics).values
    #expect(values["huggy_relay_envelopes_total{source=\"huggy\",outcome=\"accepted\"}"] == "1")
    #expect(values["huggy_relay_envelopes_total{source=\"huggy\",outcome=\"too_large\"}"] == "2")
    #expect(values["huggy_relay_envelopes_total{source=\"branch\",outcome=\"too_large\"}"] == "0")
    #expect(values["huggy_relay_events_total{source=\"huggy\",type=\"createdChat\"}"] == "2")
    #expect(values["huggy_relay_events_total{source=\"huggy\",type=\"closed\"Chat\\\"}"] == "1")
    #expect(values["huggy_relay_events_total{source=\"branch\",type=\"createdChat\"}"] == nil)
    #expect(values["huggy_relay_events_unrouted_total{source=\"huggy\"}"] == "3")
    #expect(values["huggy_relay_ingest_duration_seconds_sum{source=\"huggy\"}"] == "0.007")
  }

  @Test func theHundredTypesAreThoseOfAllSourcesTogether() throws {
    let metrics = RelayMetrics(Self.configuration(sources: ["huggy", "branch"]))
    for number in 0..<100 { metrics.source("huggy").events("type-\(number)") }
    metrics.source("branch").events("type-7")
    metrics.source("branch").events("new", 4)
    let values = try read(metrics).values
    #expect(values["huggy_relay_events_total{source=\"branch\",type=\"type-7\"}"] == "1")
    #expect(values["huggy_relay_events_total{source=\"branch\",type=\"other\"}"] == "4")
    #expect(values["huggy_relay_events_total{source=\"branch\",type=\"new\"}"] == nil)
    #expect(values["huggy_relay_events_total{source=\"huggy\",type=\"other\"}"] == nil)
  }

  @Test func aRoutesMatchesAndDropsAreKept() throws {
    let metrics = RelayMetrics(Self.configuration())
    metrics.route("all").match(isDrop: false)
    metrics.route("all").match(isDrop: true)
    #expect(metrics.route("all").matched == 2)
    #expect(metrics.route("all").dropped == 1)
    let values = try read(metrics).values
    #expect(values["huggy_relay_route_matches_total{route=\"all\"}"] == "2")
    #expect(values["huggy_relay_events_dropped_total{route=\"all\"}"] == "1")
  }

  static let responses: [(AttemptResult.Response, String)] =
    [
      (200, "2xx"), (204, "2xx"), (299, "2xx"), (302, "3xx"), (404, "4xx"), (429, "4xx"), (500, "5xx"),
      (599, "5xx"),
    ]
    .map { (.status($0.0, body: [], retryAfter: nil), $0.1) }
    // What HTTP does not have is as bad as 5xx (RFC 9110, 15).
    + [600, 999].map { (.status($0, body: [], retryAfter: nil), "5xx") }
    + [(.status(101, body: [], retryAfter: nil), "network")]
    + TransportFailure.Kind.allCases.map {
      (
        .failure(TransportFailure(kind: $0, message: "")),
        [.timeout, .connectTimeout].contains($0) ? "timeout" : "network"
      )
    }

  @Test(arguments: responses)
  func anAttemptIsCountedByItsOutcome(response: AttemptResult.Response, outcome: String) throws {
    let metrics = RelayMetrics(Self.configuration())
    metrics.attempt("crm", AttemptResult(startedAt: .epoch, duration: .milliseconds(20), response: response))
    let reader = try read(metrics)
    let counted = reader.series.filter {
      $0.hasPrefix("huggy_relay_attempts_total") && reader.values[$0] != "0"
    }
    #expect(counted == ["huggy_relay_attempts_total{destination=\"crm\",outcome=\"\(outcome)\"}"])
    #expect(reader.values["huggy_relay_attempt_duration_seconds_sum{destination=\"crm\"}"] == "0.02")
  }

  @Test func endsAreCountedByStateAndOnlyDeliveriesHaveALatency() throws {
    let metrics = RelayMetrics(Self.configuration())
    metrics.settled("crm", .delivered, latency: .seconds(2))
    metrics.settled("crm", .dead)
    metrics.discarded("crm", 5)
    metrics.discarded("crm", 0)
    metrics.overflowed("crm", 7)
    let values = try read(metrics).values
    for (state, count) in [("delivered", 1), ("dead", 1), ("discarded", 5), ("overflow", 7)] {
      #expect(
        values["huggy_relay_deliveries_settled_total{destination=\"crm\",state=\"\(state)\"}"] == "\(count)")
    }
    #expect(values["huggy_relay_delivery_latency_seconds_sum{destination=\"crm\"}"] == "2")
    #expect(values["huggy_relay_delivery_latency_seconds_count{destination=\"crm\"}"] == "1")
  }

  @Test func commitsAreMeasured() throws {
    let metrics = RelayMetrics(Self.configuration())
    metrics.commit(.microseconds(300), operations: 12)
    let values = try read(metrics).values
    #expect(values["huggy_relay_commit_duration_seconds_bucket{le=\"0.00025\"}"] == "0")
    #expect(values["huggy_relay_commit_duration_seconds_bucket{le=\"0.0005\"}"] == "1")
    #expect(values["huggy_relay_commit_batch_size_sum"] == "12")
  }

  @Test func aReloadKeepsTheCountsOfWhatStays() throws {
    let metrics = RelayMetrics(Self.configuration(destinations: ["crm", "old"], routes: ["all", "gone"]))
    let (source, destination) = (metrics.source("huggy"), metrics.destination("crm"))
    source.envelope(.accepted)
    destination.settled(.delivered)
    metrics.destination("old").settled(.dead)
    metrics.configure(Self.configuration(sources: ["huggy", "new"], destinations: ["crm", "bi"]))
    // Who holds a name's metrics from before goes on counting in them.
    source.envelope(.accepted)
    metrics.settled("crm", .delivered)
    let values = try read(metrics).values
    #expect(values["huggy_relay_envelopes_total{source=\"huggy\",outcome=\"accepted\"}"] == "2")
    #expect(values["huggy_relay_deliveries_settled_total{destination=\"crm\",state=\"delivered\"}"] == "2")
    #expect(values["huggy_relay_envelopes_total{source=\"new\",outcome=\"accepted\"}"] == "0")
    #expect(values["huggy_relay_deliveries_settled_total{destination=\"bi\",state=\"delivered\"}"] == "0")
    // Its last attempts may be under way: what was counted is not lost either.
    #expect(values["huggy_relay_deliveries_settled_total{destination=\"old\",state=\"dead\"}"] == "1")
    #expect(metrics.destination("crm") === destination)
  }

  @Test func gaugesAreThoseOfTheMoment() throws {
    var crm = GaugeReadings.Destination(name: "crm")
    (crm.pending, crm.dead, crm.inFlight) = (5, 2, 3)
    (crm.oldestPending, crm.oldestDue) = (.milliseconds(1_250), .milliseconds(500))
    crm.isCircuitOpen = true
    var orphan = GaugeReadings.Destination(name: "orphan")
    orphan.isPaused = true
    var readings = GaugeReadings(version: "1.2.3")
    readings.destinations = [crm, orphan]
    (readings.storeBytes, readings.storeLimitBytes, readings.isLastReloadSuccessful) = (
      1_000, 10 << 30, false
    )
    readings.lastSuccessfulReload = Timestamp(microseconds: 1_700_000_000_250_000)
    let values = try read(RelayMetrics(Self.configuration()), readings).values
    for (name, crm, orphan) in [
      ("deliveries_pending", "5", "0"), ("deliveries_dead", "2", "0"),
      ("oldest_pending_age_seconds", "1.25", "0"),
      ("oldest_due_age_seconds", "0.5", "0"),
      ("deliveries_in_flight", "3", "0"),
      ("circuit_open", "1", "0"), ("paused", "0", "1"),
    ] {
      #expect(values["huggy_relay_\(name){destination=\"crm\"}"] == crm)
      #expect(values["huggy_relay_\(name){destination=\"orphan\"}"] == orphan)
    }
    #expect(values["huggy_relay_store_bytes"] == "1000")
    #expect(values["huggy_relay_store_limit_bytes"] == "10737418240")
    #expect(values["huggy_relay_config_last_reload_successful"] == "0")
    #expect(values["huggy_relay_config_last_reload_success_timestamp_seconds"] == "1700000000.25")
    #expect(values["huggy_relay_build_info{version=\"1.2.3\"}"] == "1")
  }

  @Test func theReadingsOfAStatusAreThoseItShows() {
    var crm = DestinationStatus(name: "crm")
    (crm.pending, crm.dead, crm.inFlight, crm.circuit) = (5, 2, 3, .open)
    (crm.oldestPending, crm.oldestDue) = (.seconds(9), .seconds(4))
    var bi = DestinationStatus(name: "bi")
    (bi.circuit, bi.isPaused) = (.recovering, true)
    let status = RelayStatus(
      version: "1.2.3", uptime: .zero,
      store: RelayStatus.Store(kind: "sqlite", bytes: 7, limitBytes: 8, refusal: nil),
      destinations: [crm, bi],
      routes: [], configurationHash: "", configurationLoadedAt: .epoch, reloadErrors: ["wrong"])
    var expectedCRM = GaugeReadings.Destination(name: "crm")
    (expectedCRM.pending, expectedCRM.dead, expectedCRM.inFlight) = (5, 2, 3)
    (expectedCRM.oldestPending, expectedCRM.oldestDue) = (.seconds(9), .seconds(4))
    expectedCRM.isCircuitOpen = true
    var expectedBI = GaugeReadings.Destination(name: "bi")
    expectedBI.isPaused = true
    var expected = GaugeReadings(version: "1.2.3")
    expected.destinations = [expectedCRM, expectedBI]
    (expected.storeBytes, expected.storeLimitBytes, expected.isLastReloadSuccessful) = (7, 8, false)
    expected.lastSuccessfulReload = .epoch
    expected.storeReader = .zero
    #expect(GaugeReadings(status) == expected)
  }

  /// Rather no reading than a wrong one: the lanes are known all the same.
  @Test func ofAStoreThatCantBeReadOnlyTheLanesAreShown() throws {
    var crm = DestinationStatus(name: "crm")
    (crm.pending, crm.dead, crm.inFlight, crm.oldestPending) = (5, 2, 3, .seconds(9))
    var store = RelayStatus.Store(kind: "sqlite", bytes: 7, limitBytes: 8, refusal: "it hangs")
    (store.logBytes, store.unreadFor) = (9, .seconds(5))
    store.reader = RelayStatus.Store.Reader(name: "sqlite3 (process 7)", time: .seconds(61))
    let status = RelayStatus(
      version: "1.2.3", uptime: .zero, store: store, destinations: [crm], routes: [], configurationHash: "",
      configurationLoadedAt: .epoch, reloadErrors: [])
    let values = try read(RelayMetrics(Configuration()), GaugeReadings(status)).values
    for name in [
      "deliveries_pending", "deliveries_dead", "oldest_pending_age_seconds", "oldest_due_age_seconds",
    ] {
      #expect(values["huggy_relay_\(name){destination=\"crm\"}"] == nil)
    }
    for name in ["store_bytes", "store_log_bytes"] { #expect(values["huggy_relay_\(name)"] == nil) }
    #expect(values["huggy_relay_deliveries_in_flight{destination=\"crm\"}"] == "3")
    #expect(values["huggy_relay_store_limit_bytes"] == "8")
    #expect(values["huggy_relay_store_reader_seconds"] == "61")
  }

  @Test func whatIsNotKnownIsLeftOut() throws {
    let values = try read(RelayMetrics(Configuration())).values
    for name in [
      "store_bytes", "store_limit_bytes", "config_last_reload_successful",
      "config_last_reload_success_timestamp_seconds",
    ] {
      #expect(values["huggy_relay_\(name)"] == nil)
    }
    #expect(values["huggy_relay_commit_duration_seconds_count"] == "0")
  }
}
