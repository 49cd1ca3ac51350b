/// Gathers the noted fields of events, and takes back those that a duplicate key replaces.
///
/// At most one object is open at each node of the tree (what stands in it is further down), so what must be
/// remembered of the keys seen fits in one mark a node, whatever the document. A note is struck out at most
/// once for each level of the tree, so time stays linear.
struct FieldNotes {
  private struct Mark {
    /// The number of the object that is open, or was last, at this node; 0 before the first.
    var object: UInt32 = 0
    /// The number of the object in which the key that leads here was last seen.
    var seenIn: UInt32 = 0
    /// The notes made below that key.
    var start: UInt32 = 0
    var end: UInt32 = 0
  }

  let tree: FieldTree
  private var marks: [Mark]
  private var objectCount: UInt32 = 0
  private var eventStart = 0
  private var hasReplaced = false
  private(set) var fields: [NotedField] = []

  init(tree: FieldTree) {
    self.tree = tree
    marks = Array(repeating: Mark(), count: tree.nodes.count)
    if tree.slotCount > 0 { fields.reserveCapacity(16) }
  }

  mutating func beginEvent() {
    eventStart = fields.count
    hasReplaced = false
  }

  /// - Returns: the event's range of `fields`.
  mutating func endEvent() -> Range<Int> {
    if hasReplaced { removeReplaced() }
    return eventStart..<fields.count
  }

  mutating func beginObject(at node: Int) {
    objectCount += 1
    marks[node].object = objectCount
  }

  /// Notes that the key leading from `parent` to `node` stands in the object open at `parent`.
  mutating func beginKey(to node: Int, in parent: Int) {
    let object = marks[parent].object
    if marks[node].seenIn == object { replace(Int(marks[node].start)..<Int(marks[node].end)) }
    let here = UInt32(truncatingIfNeeded: fields.count)
    marks[node] = Mark(object: marks[node].object, seenIn: object, start: here, end: here)
  }

  /// - Returns: where the first of its notes stands.
  mutating func add(_ value: JSONValue, at node: Int) -> Int {
    let first = fields.count
    for slot in tree.nodes[node].slots { fields.append(NotedField(slot: tree.slots[slot], value: value)) }
    marks[node].end = UInt32(truncatingIfNeeded: fields.count)
    return first
  }

  /// Completes the notes of an object or array, made when it was opened.
  mutating func endContainer(_ value: JSONValue, at node: Int, notes first: Int) {
    for index in first..<first + tree.nodes[node].slots.count { fields[index].value = value }
    marks[node].end = UInt32(truncatingIfNeeded: fields.count)
  }

  private mutating func replace(_ range: Range<Int>) {
    if range.isEmpty { return }
    if range.upperBound == fields.count {
      fields.removeLast(range.count)
    } else {
      for index in range { fields[index].markReplaced() }
      hasReplaced = true
    }
  }

  private mutating func removeReplaced() {
    var kept = eventStart
    for index in eventStart..<fields.count where !fields[index].isReplaced {
      fields[kept] = fields[index]
      kept += 1
    }
    fields.removeLast(fields.count - kept)
  }
}
