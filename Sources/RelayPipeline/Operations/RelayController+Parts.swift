import Logging
import RelayCore
import RelayThreads

extension RelayController {
  /// What it is composed over.
  package struct Parts: Sendable {
    package var store: any DeliveryStore
    package var lookup: any DeliveryLookup
    package var engine: DeliveryEngine
    package var receiver: Receiver
    package var metrics: RelayMetrics
    package var watch: StoreWatch
    package var clock: any SteadyClock
    package var logger: Logger
    /// Tries destinations out.
    package var prober: any DestinationProber
    /// Envelopes to try them with, by the event's type.
    package var samples: any SampleEnvelopes
    /// nil: nobody is told anything.
    package var notices: Notices.Tools?
    /// Makes the links to files; nil: no body is rewritten.
    package var linker: AttachmentLinker?
    /// How long those wait who ask something of the store.
    package var patience: Patience
    /// Where the charts' samples are kept over restarts; nil: nowhere.
    package var seriesFile: (any SeriesKeeping)?
    /// Who keeps the files that events point to; nil: nobody.
    package var attachments: (any AttachmentKeeping)?

    package init(
      store: any DeliveryStore, lookup: any DeliveryLookup, engine: DeliveryEngine, receiver: Receiver,
      metrics: RelayMetrics, watch: StoreWatch, clock: any SteadyClock, logger: Logger,
      prober: any DestinationProber, samples: any SampleEnvelopes, notices: Notices.Tools? = nil,
      linker: AttachmentLinker? = nil, patience: Patience = Patience(),
      seriesFile: (any SeriesKeeping)? = nil, attachments: (any AttachmentKeeping)? = nil
    ) {
      self.store = store
      self.lookup = lookup
      self.engine = engine
      self.receiver = receiver
      self.metrics = metrics
      self.watch = watch
      self.clock = clock
      self.logger = logger
      self.prober = prober
      self.samples = samples
      self.notices = notices
      self.linker = linker
      self.patience = patience
      self.seriesFile = seriesFile
      self.attachments = attachments
    }
  }
}

extension RelayController.Parts {
  /// What is known of an event's files; nil: the index can't be read.
  func attachments(of id: EventID) async -> [Attachment]? {
    guard let shelf = attachments else { return [] }
    return await onThread(named: "event files") { try? shelf.attachments(of: id) }
  }
}
