import Foundation
import RelayCore
import RelaySQLite
import RelayThreads

/// Searches in a full store while events come in: in each round commits alone, first pages of every kind, and a search for text.
final class Measurement {
  private static let searchThreads: Set<String> = ["search", "text"]

  private let bench: BenchStore
  private let lookup: SQLiteLookup
  private let load: Load
  private let oldest: Timestamp
  private let span: Duration
  private let events: Int
  private var random = SplitMix64(state: 1)
  private var pages: [String: [Page]] = [:]
  private var commits: [String: [Duration]] = [:]
  private var storeUse: [String: (use: ThreadUse, time: Duration)] = [:]
  private var texts: [String: [Text]] = [:]

  private struct Page {
    var time: Duration
    var use: ThreadUse
    var pieces: Int
    var events: Int
  }

  private struct Text {
    var perSecond: Double
    var cpuPerEvent: Double
    var found: Int
  }

  init(_ bench: BenchStore, perSecond: Int) throws {
    self.bench = bench
    let lookup = SQLiteLookup(bench.store, clock: bench.clock)
    self.lookup = lookup
    func end(_ order: EventPageRequest.Order) throws -> EventRecord {
      try answer { lookup.events(EventPageRequest(order: order, limit: 1), completion: $0) }.events[0]
    }
    let (first, last) = (try end(.oldestFirst), try end(.newestFirst))
    events = Int(last.place.rawValue)
    oldest = first.receivedAt
    span = first.receivedAt.duration(to: last.receivedAt)
    load = Load(bench, after: events, perSecond: perSecond)
  }

  func run(rounds: Int, seconds: Int, pagesOfEach count: Int, only: String?) throws {
    sleep(2)
    _ = load.takeCommits()
    for round in 1...rounds {
      print("round \(round)")
      fflush(nil)
      timed("alone") { _ = sleep(UInt32(seconds)) }
      try timed("with pages") {
        for (name, filter) in kinds where only.map({ name.contains($0) }) ?? true {
          for _ in 0..<count {
            pages[name, default: []].append(try firstPage(filter(&random)))
            usleep(5_000)
          }
        }
      }
      let text = Self.texts[(round - 1) % Self.texts.count]
      timed("alone") { _ = sleep(UInt32(seconds)) }
      try timed("with text") { try search(for: text, .seconds(seconds)) }
    }
    load.end()
    report()
    lookup.close()
  }

  private func timed(_ name: String, _ body: () throws -> Void) rethrows {
    let (began, before) = (ContinuousClock.now, ThreadUse.now(["store"]))
    try body()
    let used = ThreadUse.now(["store"]) - before
    let sum = storeUse[name] ?? (ThreadUse(), .zero)
    storeUse[name] = (
      ThreadUse(
        cpu: sum.use.cpu + used.cpu, waited: sum.use.waited + used.waited, reads: sum.use.reads + used.reads),
      sum.time + began.duration(to: .now)
    )
    commits[name, default: []] += load.takeCommits()
  }

  // MARK: First pages

  private typealias Kind = (name: String, filter: (inout SplitMix64) -> EventFilter)

  private var kinds: [Kind] {
    let (oldest, span, events) = (oldest, span, events)
    func time(_ random: inout SplitMix64) -> Timestamp {
      oldest.advanced(by: span * Double.random(in: 0.05..<0.95, using: &random))
    }
    func to(_ destination: String, _ outcome: EventOutcome, until: Timestamp? = nil) -> EventFilter {
      EventFilter(destinations: [WildcardPattern(destination)], outcomes: [outcome], until: until)
    }
    return [
      (
        "chat",
        { EventFilter(chats: [Traffic.chat(Int.random(in: 0..<Traffic.chats(in: events), using: &$0))]) }
      ),
      ("chat that there is not", { _ in EventFilter(chats: ["nobody"]) }),
      (
        "company, type and time",
        { random in
          let at = time(&random)
          return EventFilter(
            types: [WildcardPattern(Traffic.types.randomElement(using: &random)!, ignoringCase: true)],
            companies: [
              .text(WildcardPattern(Traffic.company(Int.random(in: 0..<Traffic.companies, using: &random))))
            ], since: at, until: at.advanced(by: span * 0.05))
        }
      ),
      (
        "company and a channel's pattern",
        { random in
          EventFilter(
            companies: [
              .text(WildcardPattern(Traffic.company(Int.random(in: 0..<Traffic.companies, using: &random))))
            ], channels: [.text(WildcardPattern("whats*", ignoringCase: true))])
        }
      ),
      ("pending there", { _ in to(Traffic.pending, .pending) }),
      ("pending there, before a time", { to(Traffic.pending, .pending, until: time(&$0)) }),
      ("pending there, none", { _ in to(Traffic.working[0], .pending) }),
      ("dead there", { _ in to(Traffic.dead, .dead) }),
      ("dead there, before a time", { to(Traffic.dead, .dead, until: time(&$0)) }),
      ("dead there, none", { _ in to(Traffic.working[0], .dead) }),
      ("discarded there", { _ in to(Traffic.overflowed, .discarded) }),
      ("discarded there, none", { _ in to(Traffic.working[0], .discarded) }),
      ("delivered there", { _ in to(Traffic.working[0], .delivered) }),
      ("delivered there, none", { _ in to(Traffic.dead, .delivered) }),
      ("dropped", { _ in EventFilter(outcomes: [.dropped]) }),
    ]
  }

  /// As `StoreSearch` asks for it: in pieces, until the page is full or the request's time is over.
  private func firstPage(_ filter: EventFilter) throws -> Page {
    let (began, before) = (ContinuousClock.now, ThreadUse.now(Self.searchThreads))
    let start = ContinuousClock.now
    var (pieces, found) = (0, 0)
    var after: EventCursor?
    repeat {
      let request = EventPageRequest(filter: filter, after: after, limit: 50 - found)
      let page = try answer { lookup.events(request, completion: $0) }
      pieces += 1
      found += page.events.count
      after = page.next
    } while after != nil && found < 50 && began.duration(to: .now) < .milliseconds(300)
    let time = start.duration(to: .now)
    return Page(time: time, use: ThreadUse.now(Self.searchThreads) - before, pieces: pieces, events: found)
  }

  // MARK: Text

  private static let texts = ["5575900000001", "customer.mobile=5575900000001", "previs\u{e3}o xyz"]

  private func search(for text: String, _ limit: Duration) throws {
    var after = EventCursor(rawValue: try place(.newestFirst))
    let (first, began, before) = (after, ContinuousClock.now, ThreadUse.now(Self.searchThreads))
    var found = 0
    while began.duration(to: .now) < limit {
      let request = EventPageRequest(
        filter: EventFilter(text: BodyCondition(text)), after: after, limit: 50)
      let page = try answer { lookup.events(request, completion: $0) }
      found += page.events.count
      guard let next = page.next else { break }
      after = next
    }
    let (time, use) = (began.duration(to: .now), ThreadUse.now(Self.searchThreads) - before)
    let looked = Double(first.rawValue - after.rawValue)
    texts[text, default: []].append(
      Text(
        perSecond: looked / (time / .seconds(1)), cpuPerEvent: use.cpu / .microseconds(1) / looked,
        found: found))
  }

  private func place(_ order: EventPageRequest.Order) throws -> Int64 {
    try answer { lookup.events(EventPageRequest(order: order, limit: 1), completion: $0) }.events[0].place
      .rawValue
  }

  // MARK: What came of it

  private func report() {
    func row(_ cells: [String], _ widths: [Int]) -> String {
      zip(cells, widths).map { cell, width in
        width < 0
          ? cell.padding(toLength: -width, withPad: " ", startingAt: 0)
          : String(repeating: " ", count: max(0, width - cell.count)) + cell
      }.joined(separator: " ")
    }
    func number(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
    let widths = [-34, 6, 8, 8, 8, 8, 8, 8, 8, 8]
    print(
      row(
        ["first page, ms", "pages", "p50", "p99", "max", "cpu p50", "cpu p99", "reads", "pieces", "events"],
        widths))
    for (name, _) in kinds {
      guard let pages = pages[name] else { continue }
      let (times, cpu) = (pages.map(\.time), pages.map(\.use.cpu))
      print(
        row(
          [
            name, "\(pages.count)", number(times.percentile(0.5)), number(times.percentile(0.99)),
            number(times.percentile(1)), number(cpu.percentile(0.5)), number(cpu.percentile(0.99)),
            "\(pages.reduce(0) { $0 + $1.use.reads } / pages.count)",
            number(Double(pages.reduce(0) { $0 + $1.pieces }) / Double(pages.count)),
            number(Double(pages.reduce(0) { $0 + $1.events }) / Double(pages.count)),
          ], widths))
    }
    print(
      row(
        ["commits, ms", "", "p50", "p99", "p99.9", "max", "store: cpu %", "wait %"],
        [-34, 6, 8, 8, 8, 8, 14, 8]))
    for name in ["alone", "with pages", "with text"] {
      guard let times = commits[name], let (use, time) = storeUse[name] else { continue }
      print(
        row(
          [
            name, "\(times.count)", number(times.percentile(0.5)), number(times.percentile(0.99)),
            number(times.percentile(0.999)), number(times.percentile(1)), number(use.cpu / time * 100),
            number(use.waited / time * 100),
          ], [-34, 6, 8, 8, 8, 8, 14, 8]))
    }
    print(row(["text", "", "events/s of each round; CPU µs an event"], [-34, 6, -60]))
    for text in Self.texts {
      guard let runs = texts[text] else { continue }
      let rates = runs.map { number($0.perSecond, 0) }.joined(separator: " ")
      let cpu = runs.map { number($0.cpuPerEvent, 2) }.joined(separator: " ")
      print(row([text, "", "\(rates); \(cpu)"], [-34, 6, -60]))
    }
  }
}
