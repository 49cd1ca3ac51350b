import RelayCore

/// What is not counted but looked at when somebody asks for the metrics.
package struct GaugeReadings: Sendable, Equatable {
  package struct Destination: Sendable, Equatable {
    package var name: String
    /// nil: the store can't be read now.
    package var pending: Int? = 0
    package var dead: Int? = 0
    /// nil: nothing is pending, as far as is known.
    package var oldestPending: Duration?
    /// nil: nothing is due, as far as is known.
    package var oldestDue: Duration?
    /// nil: the store can't be read now.
    package var isLate: Bool? = false
    package var inFlight = 0
    package var isCircuitOpen = false
    package var isPaused = false
    /// It is no longer configured, and is still owed what is pending.
    package var isOrphaned = false

    package init(name: String) {
      self.name = name
    }
  }

  package struct Source: Sendable, Equatable {
    package var name: String
    package var isSilent: Bool

    package init(name: String, isSilent: Bool) {
      self.name = name
      self.isSilent = isSilent
    }
  }

  package var version: String
  /// Those of which the configuration says when they are silent.
  package var sources: [Source] = []
  /// Whom `notify` names.
  package var receivers: [NoticeStanding] = []
  /// The orphaned ones too.
  package var destinations: [Destination] = []
  // What is nil is not known, and left out: rather no reading than a wrong one.

  /// Live data, and the most that there may be.
  package var storeBytes: Int?
  package var storeLimitBytes: Int?
  /// The size of its log.
  package var storeLogBytes: Int?
  /// How long a reader from outside has kept the log from being written over.
  package var storeReader: Duration?
  /// Whether the last reload took the file; a wrong one changes nothing.
  package var isLastReloadSuccessful: Bool?
  /// When the file that is active was read.
  package var lastSuccessfulReload: Timestamp?
  /// The files that events point to.
  package var attachments = AttachmentStanding()
  /// How far the machine's clock is ahead of the destinations'.
  package var clockOffset: Duration?
  /// Why no attempt starts.
  package var attemptsHeld: AttemptHold.Code?
  /// The relays that share the store. Each tells of its own destinations, and one of them of what is of all: so that sums are right.
  package var nodes: StoreNodes?

  package init(version: String) {
    self.version = version
  }
}

extension GaugeReadings {
  /// Whether this relay is the one that tells of the store as a whole.
  var tellsOfAll: Bool { nodes?.speaksForAll ?? true }

  package init(_ status: RelayStatus) {
    self.init(version: status.version)
    let isStoreRead = status.store.unreadFor == nil
    nodes = status.nodes
    attemptsHeld = status.store.attemptsHeld?.code
    destinations = status.destinations.filter { !$0.isToldElsewhere }.map { status in
      var destination = Destination(name: status.name)
      destination.pending = isStoreRead ? status.pending : nil
      destination.dead = isStoreRead ? status.dead : nil
      destination.oldestPending = isStoreRead ? status.oldestPending : nil
      destination.oldestDue = isStoreRead ? status.oldestDue : nil
      destination.isLate = isStoreRead ? status.isLate : nil
      destination.inFlight = status.inFlight
      destination.isCircuitOpen = status.circuit == .open
      destination.isOrphaned = status.isOrphaned
      destination.isPaused = status.isPaused || status.pausedAt != nil
      return destination
    }
    sources = status.sources.filter { $0.silence != nil }.map {
      Source(name: $0.name, isSilent: $0.isSilent)
    }
    if isStoreRead && tellsOfAll {
      storeBytes = status.store.bytes
      storeLogBytes = status.store.logBytes
    }
    storeReader = status.store.reader?.time ?? .zero
    if tellsOfAll { storeLimitBytes = status.store.limitBytes }
    isLastReloadSuccessful = status.reloadErrors.isEmpty
    lastSuccessfulReload = status.configurationLoadedAt
    clockOffset = status.clockOffset
  }
}
