import RelayCore

/// What a store that relays share has to say of the lanes.
extension DeliveryEngine: LaneHost {
  package func holdLanes(_ destinations: [String]) {
    // The store sees for itself when nothing of them is claimed any more.
    post(.hold(destinations, token: Self.nobodysToken))
  }

  package func resumeLanes(_ destinations: [String]) { post(.resume(destinations)) }

  package func lanesWent(_ destinations: [String]) {
    post(.changedHands(destinations))
    post(.resume(destinations))
  }

  package func lanesCame(_ stored: [StoredDestination]) {
    post(.restored(stored))
    post(.changedHands(stored.map(\.name)))
  }

  package func pauseLane(_ destination: String, until: Timestamp?) { pause(destination, until: until) }

  package func deliveriesCame(for destinations: [String], replayed: Bool) {
    post(.storedByOthers(destinations))
    if replayed { post(.replayQueued(destinations)) }
  }

  /// Of a hold whose end nobody waits for.
  private static let nobodysToken = 0
}
