/// Lines of the log that wait to be written, bounded in bytes. What does not fit is left out and counted.
///
/// Where lines are missing stands how many, so that the log itself says so in the right place. After a line was left
/// out none is taken until half of the room is free: the log then has one gap, not one after every other line.
struct LogQueue: Sendable {
  enum Entry: Equatable, Sendable {
    case line([UInt8])
    /// How many lines are missing here.
    case leftOut(Int)
  }

  /// In bytes, with `lineOverhead` for each line.
  let limit: Int
  private var entries: [Entry] = []
  /// What comes next; entries before it are gone.
  private var head = 0
  private var bytes = 0
  private var isFull = false
  /// The last line could not be written: none is tried until another one comes.
  private var isStuck = false

  /// What a waiting line takes besides its text.
  static let lineOverhead = 64

  init(limit: Int = 1 << 20) {
    self.limit = limit
  }

  /// Whether nothing is to be written now.
  var isIdle: Bool { isStuck || head == entries.count }

  /// - Returns: false: there is no room for it, and it is left out.
  mutating func append(_ line: [UInt8]) -> Bool {
    if isFull && bytes <= limit / 2 { isFull = false }
    let size = line.count + Self.lineOverhead
    guard !isFull && bytes + size <= limit else {
      isFull = true
      leaveOut(1)
      return false
    }
    isStuck = false
    bytes += size
    entries.append(.line(line))
    return true
  }

  /// What is to be written next; nil: nothing now.
  mutating func next() -> Entry? {
    guard !isIdle else { return nil }
    let entry = entries[head]
    entries[head] = .leftOut(0)
    head += 1
    if case .line(let line) = entry { bytes -= line.count + Self.lineOverhead }
    if head == entries.count {
      entries.removeAll(keepingCapacity: entries.capacity <= 1_024)
      head = 0
    } else if head >= 1_024 && head * 2 > entries.count {
      entries.removeFirst(head)
      head = 0
    }
    return entry
  }

  /// `entry` could not be written, so what waits behind it could not either: all of it is left out, and told before
  /// the next line that comes.
  ///
  /// - Returns: How many lines are lost with it; those that were left out before don't count again.
  mutating func fail(_ entry: Entry) -> Int {
    var lost = 0
    var leftOut = 0
    for one in [entry] + entries[head...] {
      switch one {
      case .line: lost += 1
      case .leftOut(let count): leftOut += count
      }
    }
    entries = [.leftOut(leftOut + lost)]
    (head, bytes, isFull, isStuck) = (0, 0, false, true)
    return lost
  }

  private mutating func leaveOut(_ count: Int) {
    if head < entries.count, case .leftOut(let before) = entries[entries.count - 1] {
      entries[entries.count - 1] = .leftOut(before + count)
    } else {
      entries.append(.leftOut(count))
    }
  }
}
