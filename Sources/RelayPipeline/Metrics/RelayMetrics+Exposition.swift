import RelayCore

extension RelayMetrics {
  package static let contentType = TextExposition.contentType

  /// All metrics, in Prometheus' text format. Reads /proc, which may block for a moment.
  package func render(_ readings: GaugeReadings) -> [UInt8] {
    render(readings, process: .now())
  }

  func render(_ readings: GaugeReadings, process: ProcessReadings?) -> [UInt8] {
    var text = TextExposition()
    writeSources(&text)
    write(readings.sources, &text)
    writeRoutes(&text)
    writeDestinations(&text)
    write(readings.destinations, &text)
    writeStore(readings, &text)
    write(readings.nodes, &text)
    writeNotices(readings, &text)
    write(readings.attachments, &text)
    writeRelay(readings, &text)
    if let process { write(process, &text) }
    return text.bytes
  }

  private func writeSources(_ text: inout TextExposition) {
    let sources = sources.entries
    text.begin("huggy_relay_envelopes_total", .counter, help: "Posted envelopes, by what became of them.")
    for (name, source) in sources {
      for (outcome, count) in source.envelopes.counts {
        text.sample([("source", name), ("outcome", outcome)], count)
      }
    }
    text.begin(
      "huggy_relay_requests_refused_total", .counter,
      help: "Refused requests, by the code of their answer; also those of no source's path.")
    for (reason, count) in refusedRequests.counts { text.sample([("reason", reason)], count) }
    text.begin(
      "huggy_relay_last_accepted_timestamp_seconds", .gauge,
      help:
        "When the source's last accepted envelope came, in seconds since 1970 (UTC); none that is known: left out."
    )
    for (name, source) in sources {
      guard let time = source.lastAcceptedAt else { continue }
      text.sample([("source", name)], time)
    }
    text.begin(
      "huggy_relay_events_total", .counter,
      help: "Accepted events; a type is one in any case, and types past the first 100 count as other.")
    for (name, source) in sources {
      for (type, count) in source.eventCounts { text.sample([("source", name), ("type", type)], count) }
    }
    text.begin("huggy_relay_events_unrouted_total", .counter, help: "Accepted events that no route matched.")
    for (name, source) in sources { text.sample([("source", name)], source.unroutedEvents.value) }
    text.begin(
      "huggy_relay_ingest_duration_seconds", .histogram,
      help: "Time from a request's last byte to its answer.")
    for (name, source) in sources { text.sample([("source", name)], source.ingestSeconds) }
  }

  private func write(_ sources: [GaugeReadings.Source], _ text: inout TextExposition) {
    text.begin(
      "huggy_relay_source_silent", .gauge,
      help: "1: the source has sent nothing for longer than its quiet_after allows; without that: left out.")
    for source in sources { text.sample([("source", source.name)], source.isSilent ? 1 : 0) }
  }

  private func writeRoutes(_ text: inout TextExposition) {
    text.begin("huggy_relay_route_matches_total", .counter, help: "Events that the route matched.")
    let routes = routes.entries
    for (name, route) in routes { text.sample([("route", name)], route.matched) }
    text.begin("huggy_relay_events_dropped_total", .counter, help: "Events that the route dropped.")
    for (name, route) in routes { text.sample([("route", name)], route.dropped) }
  }

  private func writeDestinations(_ text: inout TextExposition) {
    let destinations = destinations.entries
    text.begin(
      "huggy_relay_attempts_total", .counter, help: "Requests to the destination, by what came of them.")
    for (name, destination) in destinations {
      for (outcome, count) in destination.attempts.counts {
        text.sample([("destination", name), ("outcome", outcome)], count)
      }
    }
    text.begin(
      "huggy_relay_deliveries_settled_total", .counter,
      help: "Deliveries that ended, by how; a dead one counts again when it has been retried.")
    for (name, destination) in destinations {
      for (state, count) in destination.settledDeliveries.counts {
        text.sample([("destination", name), ("state", state)], count)
      }
    }
    text.begin(
      "huggy_relay_attempt_duration_seconds", .histogram, help: "How long a request to the destination took.")
    for (name, destination) in destinations {
      text.sample([("destination", name)], destination.attemptSeconds)
    }
    text.begin(
      "huggy_relay_request_events", .histogram, help: "Events in a request to the destination.")
    for (name, destination) in destinations {
      text.sample([("destination", name)], destination.requestEvents)
    }
    text.begin(
      "huggy_relay_delivery_latency_seconds", .histogram,
      help: "Time from an event's receipt to its delivery.")
    for (name, destination) in destinations {
      text.sample([("destination", name)], destination.latencySeconds)
    }
  }

  private func write(_ destinations: [GaugeReadings.Destination], _ text: inout TextExposition) {
    func gauge(_ name: String, help: String, _ value: (GaugeReadings.Destination) -> Int?) {
      text.begin(name, .gauge, help: help)
      for destination in destinations {
        guard let value = value(destination) else { continue }
        text.sample([("destination", destination.name)], value)
      }
    }
    func age(_ name: String, help: String, _ value: (GaugeReadings.Destination) -> Duration?) {
      text.begin(name, .gauge, help: help)
      for destination in destinations where destination.pending != nil {
        text.sample([("destination", destination.name)], seconds: value(destination) ?? .zero)
      }
    }
    gauge("huggy_relay_deliveries_pending", help: "Deliveries that are still owed to the destination.") {
      $0.pending
    }
    gauge("huggy_relay_deliveries_dead", help: "Dead letters, which wait for a person.") { $0.dead }
    age(
      "huggy_relay_oldest_pending_age_seconds",
      help: "How long ago the oldest pending delivery was received; 0: none is pending."
    ) { $0.oldestPending }
    age(
      "huggy_relay_oldest_due_age_seconds",
      help: "How long the delivery that has been due for longest has been due; 0: none is due."
    ) { $0.oldestDue }
    gauge(
      "huggy_relay_late",
      help: "1: what has been due for longest has been due for longer than late_after, and nobody paused it."
    ) { $0.isLate.map { $0 ? 1 : 0 } }
    gauge("huggy_relay_deliveries_in_flight", help: "Requests to the destination that are under way.") {
      $0.inFlight
    }
    gauge(
      "huggy_relay_deliveries_orphaned", help: "Pending deliveries whose destination is no longer configured."
    ) { $0.isOrphaned ? $0.pending : 0 }
    gauge("huggy_relay_circuit_open", help: "1: the destination failed, and is only probed now and then.") {
      $0.isCircuitOpen ? 1 : 0
    }
    gauge("huggy_relay_paused", help: "1: the configuration or a person paused the destination.") {
      $0.isPaused ? 1 : 0
    }
  }

  private func writeStore(_ readings: GaugeReadings, _ text: inout TextExposition) {
    text.begin(
      "huggy_relay_commit_duration_seconds", .histogram,
      help: "How long a transaction of the store took, with its sync.")
    text.sample([], commitSeconds)
    text.begin(
      "huggy_relay_commit_batch_size", .histogram,
      help: "Envelopes and settlements in a transaction of the store.")
    text.sample([], commitBatchSize)
    text.begin("huggy_relay_store_bytes", .gauge, help: "Live data in the store.")
    if let bytes = readings.storeBytes { text.sample([], bytes) }
    text.begin("huggy_relay_store_limit_bytes", .gauge, help: "The most live data that the store may hold.")
    if let bytes = readings.storeLimitBytes { text.sample([], bytes) }
    text.begin(
      "huggy_relay_store_log_bytes", .gauge, help: "The log beside the store's file, on its way into it.")
    if let bytes = readings.storeLogBytes { text.sample([], bytes) }
    text.begin(
      "huggy_relay_store_reader_seconds", .gauge,
      help: "How long a reader from outside has kept the store's log from being written over; 0: none does.")
    if let time = readings.storeReader {
      text.sample([], seconds: time)
    }
    text.begin(
      "huggy_relay_store_read_errors_total", .counter,
      help: "Questions to the store that it could not answer, or not in time.")
    text.sample([], storeReadErrors.value)
    text.begin(
      "huggy_relay_attempts_held", .gauge,
      help: "1: no attempt starts, whatever the destinations are like, for this reason.")
    for reason in AttemptHold.Code.allCases {
      text.sample([("reason", reason.rawValue)], readings.attemptsHeld == reason ? 1 : 0)
    }
  }

  /// Nothing, where the store is this relay's alone.
  private func write(_ nodes: StoreNodes?, _ text: inout TextExposition) {
    text.begin(
      "huggy_relay_nodes", .gauge, help: "Relays that share the store; shown by one of them.")
    if let nodes, nodes.speaksForAll { text.sample([], nodes.nodes.count) }
    text.begin(
      "huggy_relay_configurations", .gauge,
      help: "Different configurations of the relays that share the store; shown by one of them.")
    if let nodes, nodes.speaksForAll { text.sample([], nodes.configurationCount) }
    text.begin(
      "huggy_relay_destinations_unserved", .gauge,
      help: "Destinations that none of the relays that share the store serves; shown by one of them.")
    if let nodes, nodes.speaksForAll { text.sample([], nodes.unserved.count) }
    text.begin(
      "huggy_relay_destinations_served", .gauge,
      help: "Destinations that this one of the relays that share the store serves.")
    if let nodes { text.sample([], nodes.isSure ? nodes.own?.destinations.count ?? 0 : 0) }
  }

  private func writeNotices(_ readings: GaugeReadings, _ text: inout TextExposition) {
    text.begin(
      "huggy_relay_notices_total", .counter,
      help: "Notices and heartbeats to the receiver, by what came of each request; dropped: too many waited.")
    for (name, receiver) in noticeReceivers.entries {
      for (outcome, count) in receiver.requests.counts {
        text.sample([("name", name), ("outcome", outcome)], count)
      }
    }
    text.begin("huggy_relay_notices_waiting", .gauge, help: "Notices that the receiver has not taken yet.")
    for receiver in readings.receivers { text.sample([("name", receiver.name)], receiver.waiting) }
    text.begin(
      "huggy_relay_notices_failing_seconds", .gauge,
      help: "How long every request to the receiver has failed; 0: the last one was taken, or there was none."
    )
    for receiver in readings.receivers {
      text.sample([("name", receiver.name)], seconds: receiver.failingFor ?? .zero)
    }
  }

  private func write(_ attachments: AttachmentStanding, _ text: inout TextExposition) {
    text.begin(
      "huggy_relay_attachments_total", .counter,
      help: "Links to files in events of sources with attachments, by what became of them.")
    for outcome in AttachmentOutcome.allCases {
      text.sample([("outcome", outcome.rawValue)], attachments.counts[outcome] ?? 0)
    }
    text.begin(
      "huggy_relay_attachments_pending", .gauge,
      help: "Files that wait for their fetch, or are being fetched.")
    text.sample([], attachments.pending)
    text.begin(
      "huggy_relay_attachments_bytes", .gauge,
      help: "Kept files of the source; what several of its events point to counts once.")
    for (source, bytes) in attachments.bytes.sorted(by: { $0.key < $1.key }) {
      text.sample([("source", source)], bytes)
    }
  }

  private func writeRelay(_ readings: GaugeReadings, _ text: inout TextExposition) {
    text.begin(
      "huggy_relay_config_last_reload_successful", .gauge,
      help: "1: the last reload took the file; 0: the file is wrong, and the configuration before it stays.")
    if let isSuccessful = readings.isLastReloadSuccessful { text.sample([], isSuccessful ? 1 : 0) }
    text.begin(
      "huggy_relay_config_last_reload_success_timestamp_seconds", .gauge,
      help: "When the active configuration was read, in seconds since 1970 (UTC).")
    if let time = readings.lastSuccessfulReload { text.sample([], time) }
    text.begin(
      "huggy_relay_log_lines_dropped_total", .counter,
      help: "Lines of the log that could not be written, or that nobody read in time.")
    text.sample([], droppedLogLines.value)
    text.begin(
      "huggy_relay_clock_offset_seconds", .gauge,
      help: "How far this machine's clock is from its destinations', either way, as their answers tell.")
    if let offset = readings.clockOffset { text.sample([], text: "\(abs(offset.inSeconds))") }
    text.begin("huggy_relay_build_info", .gauge, help: "Always 1; the version is its label.")
    text.sample([("version", readings.version)], 1)
  }

  private func write(_ process: ProcessReadings, _ text: inout TextExposition) {
    text.begin("process_cpu_seconds_total", .counter, help: "CPU time of the process, user and system.")
    text.sample([], seconds: process.cpuTime)
    text.begin("process_resident_memory_bytes", .gauge, help: "Memory of the process that is in RAM.")
    text.sample([], process.residentBytes)
    text.begin("process_virtual_memory_bytes", .gauge, help: "Address space of the process.")
    text.sample([], process.virtualBytes)
    text.begin("process_open_fds", .gauge, help: "Files and sockets that the process has open.")
    if let files = process.openFiles { text.sample([], files) }
    text.begin("process_max_fds", .gauge, help: "The most files and sockets that the process may have open.")
    if let files = process.maxFiles { text.sample([], files) }
    text.begin(
      "process_start_time_seconds", .gauge, help: "When the process started, in seconds since 1970 (UTC).")
    text.sample([], process.startedAt)
  }
}
