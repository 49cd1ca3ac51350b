import RelayConfig
import RelayCore
import Testing

@Suite struct LimitLoadingTests {
  private func crm(_ keys: String) throws -> Destination {
    try #require(try configuration(of: destination(keys)).destinations.first)
  }

  @Test(arguments: [
    ("100/s", Rate(count: 100, per: .seconds(1))), ("600/m", Rate(count: 600, per: .seconds(60))),
    ("1/h", Rate(count: 1, per: .seconds(3600))), ("1000000/s", Rate(count: 1_000_000, per: .seconds(1))),
    ("\"${PORT}/m\"", Rate(count: 8080, per: .seconds(60))), ("unlimited", nil),
  ])
  func aRateIsANumberAndItsTime(text: String, rate: Rate?) throws {
    #expect(try crm("rate: \(text)").rate == rate)
  }

  @Test(arguments: [("none", Ordering.none), ("chat", .chat), ("destination", .destination)])
  func everyOrderIsRead(text: String, ordering: Ordering) throws {
    #expect(try crm("order_by: \(text)").ordering == ordering)
  }

  @Test func aCircuitIsReadKeyByKey() throws {
    var circuit = CircuitPolicy()
    circuit.failures = 1_000
    #expect(try crm("circuit: { failures: 1000 }").circuit == circuit)
    circuit = CircuitPolicy()
    circuit.probeEvery = .milliseconds(100)
    #expect(try crm("circuit: { probe_every: 100ms }").circuit == circuit)
  }

  @Test(arguments: [
    ("1%", BacklogLimit.share(0.01)), ("50%", .share(0.5)), ("100%", .share(1)), ("\"${TEN}%\"", .share(0.1)),
    ("1KiB", .bytes(1 << 10)), ("2GiB", .bytes(2 << 30)),
  ])
  func aBacklogIsAShareOrASize(text: String, limit: BacklogLimit) throws {
    let text = destination("max_backlog: \(text)")
    #expect(try configuration(of: text, environment: ["TEN": "10"]).destinations.first?.maxBacklog == limit)
  }

  @Test func whenSomethingIsLateIsRead() throws {
    #expect(try crm("late_after: 90s").lateAfter == .seconds(90))
    #expect(try crm("").lateAfter == .seconds(900))
  }

  @Test func aPauseIsKnownByTheLineOfItsKey() throws {
    #expect(try crm("timeout: 20s\npaused: true").pausedAt == "routes.yaml:6")
    #expect(try crm("paused:\n  true").pausedAt == "routes.yaml:5")
    #expect(try crm("paused: false").pausedAt == nil)
    #expect(try crm("").pausedAt == nil)
  }

  @Test func aPauseIsKnownByTheFileAsItWasNamed() throws {
    let loaded = try loader().checked(
      text: destination("paused: true"), file: "../etc/my routes.yaml", directory: "/")
    #expect(loaded.configuration.destinations.first?.pausedAt == "../etc/my routes.yaml:5")
  }

  @Test func destinationsSayMoreThanTheDefaultsAboutTheirLimits() throws {
    let destinations = try configuration(
      of: oneSource + """
        defaults:
          rate: 10/s
          order_by: chat
          circuit: { failures: 3, probe_every: 1m }
          max_backlog: 20%
          paused: true
        destinations:
          plain: { url: "http://plain.example" }
          own:
            url: http://own.example
            rate: unlimited
            order_by: none
            circuit: { failures: 7 }
            max_backlog: 1GiB
            paused: false
          again: { url: "http://again.example", paused: true }
        """
    ).destinations
    var plain = Destination(name: "plain", url: Secret("http://plain.example"))
    plain.rate = Rate(count: 10, per: .seconds(1))
    plain.ordering = .chat
    plain.circuit.failures = 3
    plain.circuit.probeEvery = .seconds(60)
    plain.maxBacklog = .share(0.2)
    plain.pausedAt = "routes.yaml:7"
    var own = Destination(name: "own", url: Secret("http://own.example"))
    own.circuit.failures = 7
    own.circuit.probeEvery = .seconds(60)
    own.maxBacklog = .bytes(1 << 30)
    var again = plain
    again.name = "again"
    again.url = Secret("http://again.example")
    again.pausedAt = "routes.yaml:17"
    #expect(destinations == [plain, own, again])
  }

  @Test func aPausedDestinationThatARouteNamesIsNothingToWarnOf() {
    #expect(problems(of: destination("paused: true") + "routes: [{ name: a, to: crm }]") == [])
  }
}
