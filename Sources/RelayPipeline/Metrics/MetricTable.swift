import Synchronization

/// Values by name. Names are only ever added, and no thread waits: neither to look one up nor to add it.
///
/// Chains of nodes hang from a fixed number of slots. A chain's last link is set once, by whoever comes first; who
/// comes second goes on from what the first has set.
final class MetricTable<Value: AnyObject & Sendable>: Sendable {
  private final class Node: Sendable {
    let name: String
    let value: Value
    let next = Link()

    init(name: String, value: Value) {
      self.name = name
      self.value = value
    }
  }

  private final class Link: Sendable {
    let node = AtomicLazyReference<Node>()
  }

  private let slots = (0..<512).map { _ in Link() }

  /// The value of the name, made when it is first asked for. `make` may run and its result be thrown away, when
  /// another thread is faster.
  func value(_ name: String, make: () -> Value) -> Value {
    var link = slots[Int(UInt(bitPattern: name.hashValue) % UInt(slots.count))]
    while let node = link.node.load() {
      if node.name == name { return node.value }
      link = node.next
    }
    let new = Node(name: name, value: make())
    while true {
      let node = link.node.storeIfNil(new)
      if node === new || node.name == name { return node.value }
      link = node.next
    }
  }

  /// All of them, by name.
  var entries: [(name: String, value: Value)] {
    var entries: [(name: String, value: Value)] = []
    for slot in slots {
      var link = slot
      while let node = link.node.load() {
        entries.append((node.name, node.value))
        link = node.next
      }
    }
    return entries.sorted { $0.name < $1.name }
  }
}
