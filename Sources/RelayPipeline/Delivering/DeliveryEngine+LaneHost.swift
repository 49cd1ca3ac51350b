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

  package func quieten(_ destination: String, isQuiet: @escaping @Sendable () -> Void) {
    hold([destination], areHeld: isQuiet)
  }

  package func changed(_ destination: String, areRetried: Bool) {
    resume([destination], areRetried: areRetried)
  }

  package func endRetryAfter(
    of destination: String, wasHeld: @escaping @Sendable (_ until: Timestamp?) -> Void
  ) {
    Task {
      let held = await snapshot().first { $0.name == destination && !$0.isRemoved }?.heldUntil
      endRetryAfter(of: destination)
      let history = clock.history
      wasHeld(held.map { $0 == .distantFuture ? $0 : history.wall(at: $0) })
    }
  }

  /// Of a hold whose end nobody waits for.
  private static let nobodysToken = 0
}
