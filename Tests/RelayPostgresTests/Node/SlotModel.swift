import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// Who has which slot, as it should be: nodes come, lose their connections, come back, take over from each other and go, at random.
final class SlotModel {
  struct Held: Equatable {
    var session: Int64
    /// The node whose connection has the slot's lock; nil: nobody's.
    var holder: Int?
    /// The holder, or who was it, clears up after another.
    var isTakenOver = false
    /// There may be something left of who had it.
    var isOpen = true
  }

  private final class Node {
    let session: WriterSession
    var isLost = false
    var takenOver: [SlotHolding] = []

    init(_ session: WriterSession) {
      self.session = session
    }
  }

  private let bench: NodeBench
  private var random: SplitMix64
  private var nodes: [Int: Node] = [:]
  private var slots: [Int: Held] = [:]
  private var count = 0

  init(_ bench: NodeBench, seed: UInt64) {
    self.bench = bench
    random = SplitMix64(seed: seed)
  }

  /// Makes a step, and compares the server's tables with what should be in them.
  func step() throws {
    let lives = nodes.filter { !$0.value.isLost }.keys.sorted()
    let lost = nodes.filter(\.value.isLost).keys.sorted()
    switch random.below(7) {
    case 0 where nodes.count < 5: try open()
    case 1 where !lives.isEmpty: try lose(random.pick(lives))
    case 2 where !lost.isEmpty: try reopen(random.pick(lost))
    case 3 where !lives.isEmpty, 4 where !lives.isEmpty: try takeOver(by: random.pick(lives))
    case 5 where !lives.isEmpty: try giveBack(random.pick(lives))
    case 6 where lives.count > 1: try leave(random.pick(lives))
    default: break
    }
    try compare()
  }

  private func open() throws {
    count += 1
    let node = Node(try bench.node("\(count)"))
    nodes[count] = node
    expectTaken(node.session.slot, by: count)
  }

  /// The lowest slot that nobody holds.
  private func expectTaken(_ holding: SlotHolding, by node: Int) {
    let slot = (0...slots.count).first { slots[$0]?.holder == nil } ?? 0
    #expect(holding == SlotHolding(slot: slot, session: (slots[slot]?.session ?? 0) + 1))
    slots[slot] = Held(session: holding.session, holder: node)
  }

  /// Its session ends, as by a cut or by somebody who ends it. What it does next fails.
  private func lose(_ number: Int) throws {
    let node = try #require(nodes[number])
    try bench.execute("SELECT pg_terminate_backend(\(node.session.connection.backendID))")
    for (slot, held) in slots where held.holder == number {
      try bench.waitUntilFree(slot, key: node.session.key)
      slots[slot]?.holder = nil
    }
    let error = #expect(throws: PostgresError.self) {
      try node.session.connection.execute("UPDATE node SET name = 'void'", within: NodeBench.limit)
    }
    #expect(error?.state == "57P01")
    node.isLost = true
  }

  private func reopen(_ number: Int) throws {
    let node = try #require(nodes[number])
    let before = node.session.slot
    let isItsOwn = slots[before.slot]?.session == before.session
    let isKept = { (one: SlotHolding) in isItsOwn && self.slots[one.slot]?.session == one.session }
    let lost = node.takenOver.filter { !isKept($0) }
    node.takenOver.removeAll { !isKept($0) }
    let regained = try node.session.reopen()
    #expect(regained == (isItsOwn ? .same(lost: lost) : .another))
    node.isLost = false
    for one in node.takenOver { slots[one.slot]?.holder = number }
    if isItsOwn {
      #expect(node.session.slot == before)
      slots[before.slot]?.holder = number
    } else {
      expectTaken(node.session.slot, by: number)
    }
  }

  private func takeOver(by number: Int) throws {
    let node = try #require(nodes[number])
    guard let slot = slots.keys.sorted().randomElement(using: &random), let held = slots[slot] else { return }
    let isLate = random.chance(20)
    // Nobody takes over what it has itself.
    guard isLate || held.holder != number else { return }
    let judged = SlotHolding(slot: slot, session: held.session - (isLate ? 1 : 0))
    let taken = try node.session.takeOver(bench.over(judged))
    guard !isLate, held.holder == nil else {
      #expect(taken == nil)
      return
    }
    let holding = SlotHolding(slot: slot, session: held.session + 1)
    #expect(taken?.holding == holding)
    slots[slot] = Held(session: holding.session, holder: number, isTakenOver: true)
    node.takenOver.append(holding)
  }

  private func giveBack(_ number: Int) throws {
    let node = try #require(nodes[number])
    guard let holding = node.takenOver.popLast() else { return }
    try node.session.giveBack(holding)
    slots[holding.slot] = Held(session: holding.session, isOpen: false)
  }

  private func leave(_ number: Int) throws {
    guard let node = nodes.removeValue(forKey: number) else { return }
    while let holding = node.takenOver.popLast() {
      try node.session.giveBack(holding)
      slots[holding.slot] = Held(session: holding.session, isOpen: false)
    }
    try node.session.leave()
    let holding = node.session.slot
    slots[holding.slot] = Held(session: holding.session, isOpen: false)
    node.session.close()
  }

  private func compare() throws {
    // Without a node there are no tables.
    guard !slots.isEmpty else { return }
    let rows = try bench.rows(
      """
      SELECT n.slot, n.session, n.taker IS NOT NULL, n.backend IS NOT NULL,
        (SELECT min(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objid = n.slot
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS holder,
        n.backend
      FROM node n ORDER BY n.slot
      """)
    #expect(rows.map { Int($0.integer(0)) } == slots.keys.sorted())
    for row in rows {
      let slot = Int(row.integer(0))
      let held = slots[slot]
      #expect(
        row.integer(1) == held?.session && row.bool(2) == held?.isTakenOver && row.bool(3) == held?.isOpen)
      let holder = held?.holder.flatMap { nodes[$0] }?.session.connection.backendID
      #expect(row.optionalInt32(4) == holder)
      // Who may write as the slot is whom the row names.
      if holder != nil { #expect(row.optionalInt32(5) == holder) }
    }
  }
}
