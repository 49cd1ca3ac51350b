import RelayCore
import RelayStoring

/// Which destinations this node serves, as it knows. Confined to the store's thread.
///
/// What it takes for its own is its own: it learns that from the table alone, and nobody else changes the owner there while this node's
/// session lives. Of all others nothing is handed out: they are held, as a person's change holds them.
final class Lanes {
  enum Standing: Equatable {
    /// Another node serves it, or nobody does.
    case elsewhere
    /// It is this node's, and is brought into another order before anything is handed out.
    case reordering
    case own
    /// Another node is to have it, once nothing of it is claimed any more. Nothing is handed out meanwhile.
    case leaving(to: Int16)
  }

  /// Several nodes may share the store. If not, all destinations are this node's.
  let isShared: Bool
  private let destinations: DestinationTable
  /// By their rows' ids; nil: not known.
  private var standings: [Standing?] = []
  /// How often a destination has come to be served by this node.
  private(set) var comings = 0

  init(_ destinations: DestinationTable, isShared: Bool) {
    self.destinations = destinations
    self.isShared = isShared
    for (row, destination) in destinations.known { add(destination.name, row: row) }
  }

  func standing(of row: DestinationRowID) -> Standing {
    guard isShared else { return .own }
    let place = Int(row.rawValue)
    return place < standings.count ? standings[place] ?? .elsewhere : .elsewhere
  }

  func knows(_ row: DestinationRowID) -> Bool {
    let place = Int(row.rawValue)
    return place < standings.count && standings[place] != nil
  }

  /// Whether no other node hands out deliveries of it: so this one alone decides whose turn it is.
  func owns(_ row: DestinationRowID) -> Bool { standing(of: row) != .elsewhere }

  /// Those that it owns.
  var owned: [DestinationRowID] {
    standings.indices.lazy.map { DestinationRowID(rawValue: Int64($0)) }.filter(owns)
  }

  /// Those that other nodes have, or nobody: none where nobody shares the store.
  var others: [DestinationRowID] {
    guard isShared else { return [] }
    return standings.indices.lazy.filter { self.standings[$0] == .elsewhere }
      .map { DestinationRowID(rawValue: Int64($0)) }
  }

  /// A destination is known from now on. Before the table of destinations knows it: nothing of it is handed out.
  func add(_ name: String, row: DestinationRowID) {
    let place = Int(row.rawValue)
    while standings.count <= place { standings.append(nil) }
    guard isShared, standings[place] == nil else { return }
    standings[place] = .elsewhere
    destinations.hold([name])
  }

  func set(_ standing: Standing, of row: DestinationRowID) {
    let name = destinations[row].name
    let (wasServed, isServed) = (self.standing(of: row) == .own, standing == .own)
    standings[Int(row.rawValue)] = standing
    if isServed && !wasServed {
      comings += 1
      destinations.resume([name])
    }
    if wasServed && !isServed { destinations.hold([name]) }
  }
}

@available(*, unavailable)
extension Lanes: Sendable {}
