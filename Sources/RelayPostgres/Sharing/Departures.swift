import RelayCore
import RelayStoring

/// Destinations that other nodes are to have, once nothing of them is claimed here any more, and nobody changes anything of them. Confined
/// to the store's thread.
final class Departures {
  /// With one delivery that was still claimed when it was last looked at.
  private var leaving: [DestinationRowID: DeliveryID?] = [:]
  /// How many jobs of people's are under way, by the destination's name.
  private var jobs: [String: Int] = [:]

  var isEmpty: Bool { leaving.isEmpty }

  func begin(_ destination: DestinationRowID) { leaving[destination] = .some(nil) }

  func end(_ destination: DestinationRowID) { leaving[destination] = nil }

  func jobBegan(_ destination: String) { jobs[destination, default: 0] += 1 }

  func jobEnded(_ destination: String) {
    let rest = (jobs[destination] ?? 1) - 1
    jobs[destination] = rest > 0 ? rest : nil
  }

  /// Those that may go now.
  func ready(_ claims: Claims, _ destinations: DestinationTable) -> [DestinationRowID] {
    var ready: [DestinationRowID] = []
    for (destination, witness) in leaving where jobs[destinations[destination].name] == nil {
      // All claims are gone through only once the one that is known has come to its end.
      if let witness, claims.isClaimed(witness) { continue }
      let next = claims.claimed(of: destination)
      leaving[destination] = .some(next)
      if next == nil { ready.append(destination) }
    }
    return ready
  }
}

@available(*, unavailable)
extension Departures: Sendable {}
