import Logging
import NIOPosix
import RelayAdmin
import RelayAttachments
import RelayConfig
import RelayCore
import RelayCurl
import RelayFiles
import RelayIngest
import RelayListening
import RelayPipeline
import RelaySystem
import RelayThreads
import RelayTools
import ServiceLifecycle

/// The parts, put together: the only place that knows them all.
///
/// They start in the order store, delivery, admin, ingest, and stop in the reverse: first nothing more comes in, then
/// the attempts in flight end, then the store closes.
struct Relay {
  private let configuration: Configuration
  private let path: String
  private let taken: TakenConfiguration
  private let loader: ConfigurationLoader
  private let logger: Logger
  private let droppedLogLines: Counter
  private let waitForStore: Duration
  private let isPaused: Bool
  private let copiesStore: Bool
  private let terminations: Terminations
  private let hangups: Hangups
  private let clock: MachineClock

  /// - Parameters:
  ///   - path: The configuration's file, and `loader` what reads it again.
  ///   - droppedLogLines: Where the log's writer counts.
  ///   - waitForStore: How long to wait for another relay to let go of the store, or for its server.
  ///   - isPaused: Nothing is delivered until a person resumes a destination.
  ///   - copiesStore: A store of an older release is copied before its schema is changed.
  init(
    _ loaded: LoadedConfiguration, path: String, loader: ConfigurationLoader, logger: Logger,
    droppedLogLines: Counter, waitForStore: Duration, isPaused: Bool, copiesStore: Bool,
    terminations: Terminations, hangups: Hangups
  ) {
    configuration = loaded.configuration
    taken = TakenConfiguration(loaded)
    self.path = path
    self.loader = loader
    self.logger = logger
    self.droppedLogLines = droppedLogLines
    self.waitForStore = waitForStore
    self.isPaused = isPaused
    self.copiesStore = copiesStore
    self.terminations = terminations
    self.hangups = hangups
    let log = ClockLog(logger: logger)
    clock = MachineClock { log.stepped($0, at: $1) }
  }

  func run() async throws {
    let started = ContinuousClock.now
    let inherited = InheritedSockets.ofProcess()
    if !inherited.descriptors.isEmpty, !configuration.server.listen.isSystemd {
      logger.warning(
        "systemd has passed sockets that nobody accepts from: write `server.listen: systemd`, or disable the .socket unit",
        metadata: ["sockets": .number(inherited.descriptors.count)])
    }
    let certificates = ListenerCertificates(try configuration.server.tls.map(ListenerCertificates.make))
    let adminCertificates = ListenerCertificates(
      try configuration.server.adminTLS.map(ListenerCertificates.make), of: .admin)
    ProcessLimits.prepare(for: configuration, logger: logger)
    logTrust()
    let metrics = RelayMetrics(configuration, droppedLogLines: droppedLogLines)
    let watch = StoreWatch(metrics: metrics, clock: clock, logger: logger)
    let opened = try await StoreWait(limit: waitForStore, logger: logger).open(unless: terminations) {
      [configuration, clock, copiesStore, logger] () throws(StoreError) in
      try OpenedStore(
        at: configuration.store.location,
        as: OpenedStore.Identity(name: Self.hostName, configurationHash: configuration.hash), clock: clock,
        copiesBeforeMigration: copiesStore, observer: watch, logger: logger)
    }
    guard let opened else { return logger.notice("stopped") }
    for warning in opened.warnings { logger.warning("the store", metadata: ["problem": "\(warning)"]) }
    let store = opened.store
    let own = OwnListeners()
    let engine = DeliveryEngine(
      store: store, transport: CurlTransport(clock: clock, own: own), clock: clock, logger: logger,
      metrics: metrics)
    let attachments = attachmentKeeper(opened, watch, own)
    let receiver = Receiver(
      configuration: configuration, store: store, engine: engine, clock: clock, logger: logger,
      metrics: metrics, attachments: attachments)
    let eventLoopGroup = MultiThreadedEventLoopGroup(
      numberOfThreads: ProcessorShare.current().count)
    let server = IngestServer(
      settings: configuration.server, receiver: receiver, eventLoopGroup: eventLoopGroup,
      certificates: certificates, inherited: inherited)
    watch.attach(gatherer: server)
    let access = AdminAccess(configuration.server)
    let linker = AttachmentLinker(
      file: AttachmentKeyFile(path: configuration.store.location.path(beside: "attachments-key")))
    let files = FileServer(
      linker: linker, shelf: attachments, clock: SystemWallClock(), eventLoopGroup: eventLoopGroup,
      logger: logger)
    do throws(AttachmentKeyError) {
      try await linker.prepareOnThread(for: configuration.server)
    } catch {
      await close(opened)
      throw error
    }
    let controller = RelayController(
      configuration,
      parts: RelayController.Parts(
        store: store, lookup: opened.lookup, engine: engine, receiver: receiver, metrics: metrics,
        watch: watch,
        clock: clock, logger: logger, prober: CurlProber(own: own), samples: HuggySamples(),
        notices: Notices.Tools(
          sender: NoticeClient(own: own),
          keeper: NoticeFile(path: configuration.store.location.path(beside: "notices")),
          host: Self.hostName),
        linker: linker,
        seriesFile: SeriesFile(path: configuration.store.location.path(beside: "series")),
        attachments: attachments),
      source: FileReloadSource(
        path: path, loader: loader, taken: taken, server: server, certificates: certificates,
        adminCertificates: adminCertificates, access: access, files: files, own: own, linker: linker,
        logger: logger))
    let address: ListenAddress
    let stored: [StoredDestination]
    let admin: AdminServer?
    do {
      stored = try await controller.prepare(isPaused: isPaused)
      logPending(stored)
      controller.logOrphans(stored)
      // Before anything is attempted: a relay that can't listen must not send.
      admin = try await startAdmin(controller, access, adminCertificates, eventLoopGroup, own)
      if let address = try await files.apply(configuration.server.attachments) {
        own.set("server.attachments", to: [address])
        logger.notice("attachments listen", metadata: ["address": "\(address)"])
      }
      address = try await server.start()
      own.set(
        "server.listen", to: configuration.server.listen.isSystemd ? server.inheritedAddresses : [address])
    } catch {
      await close(opened)
      throw error
    }
    let reloading = Task { for await _ in hangups.arrived { _ = try? await controller.reload() } }
    defer { reloading.cancel() }
    let drain = DrainTime(limit: configuration.server.drain)
    var services: [any Service] = [
      StoreService(opened: opened),
      AttachmentService(keeper: attachments),
      DeliveryService(controller: controller, engine: engine, stored: stored, drain: drain),
      IngestService(
        server: server, address: address, admin: admin, files: files, eventLoopGroup: eventLoopGroup,
        controller: controller, opened: opened, drain: drain, started: started, logger: logger),
      SeriesService(recorder: controller.recorder, endings: controller.endings),
      CertificateService(listeners: [certificates, adminCertificates], logger: logger),
      FileWatchService(taken: taken, controller: controller),
    ]
    if let notices = controller.notices { services.append(NoticeService(notices: notices)) }
    if let watchdog = WatchdogService(
      store: store, engine: engine, environment: processEnvironment())
    {
      services.append(watchdog)
    }
    let lossServices: [ServiceGroupConfiguration.ServiceConfiguration] =
      configuration.store.location.isFoundAgainByAStart
      ? [
        .init(
          service: LossService(watch: watch, drain: drain),
          failureTerminationBehavior: .gracefullyShutdownGroup)
      ] : []
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0) } + lossServices + [
          .init(
            service: TerminationService(terminations: terminations),
            successTerminationBehavior: .gracefullyShutdownGroup)
        ],
        logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() }))
    try await group.run()
    logger.notice("stopped")
  }

  private func close(_ opened: OpenedStore) async {
    let isClosed = await onThread(named: "close") { opened.close(within: StoreService.closingTime) }
    if !isClosed { logger.warning("the store does not close in time: it is slow, or hangs") }
  }

  private func attachmentKeeper(_ opened: OpenedStore, _ watch: StoreWatch, _ own: OwnListeners)
    -> AttachmentKeeper
  {
    AttachmentKeeper(
      AttachmentKeeper.Parts(
        folder: configuration.store.location.path(beside: "attachments"),
        makeIndex: OpenedStore.attachmentIndex, fetcher: CurlAttachmentFetcher(own: own),
        lookup: opened.lookup,
        clock: clock,
        mayWrite: { watch.current.refusal == nil && OpenedStore.hasRoomBeside(configuration.store) },
        logger: logger))
  }

  /// The machine's name, as it calls itself: no name server is asked.
  static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func startAdmin(
    _ controller: RelayController, _ access: AdminAccess, _ certificates: ListenerCertificates,
    _ eventLoopGroup: MultiThreadedEventLoopGroup, _ own: OwnListeners
  ) async throws -> AdminServer? {
    guard let address = configuration.server.admin else { return nil }
    let admin = AdminServer(
      address: address, access: access, certificates: certificates, operations: controller,
      clock: SystemWallClock(), eventLoopGroup: eventLoopGroup, logger: logger)
    let bound = try await admin.start()
    own.set("server.admin", to: [bound])
    let scheme = certificates.isOfFiles ? "https" : "http"
    logger.notice("admin listens", metadata: ["address": "\(bound)", "url": "\(scheme)://\(bound)/"])
    return admin
  }

  /// Where destinations need the system's authorities, and there are none or not those that were named.
  private func logTrust() {
    let needy = configuration.destinations.filter {
      $0.tls.verifies && $0.tls.authorityFile == nil && $0.url.reveal.lowercased().hasPrefix("https:")
    }
    guard let first = needy.first, let warning = SystemTrust.shared.warning else { return }
    logger.warning(
      "authorities", metadata: ["problem": "\(warning)", "destination": "\(first.name)"])
  }

  private func logPending(_ stored: [StoredDestination]) {
    for destination in stored.sorted(by: { $0.name < $1.name })
    where destination.pending + destination.dead > 0 {
      let metadata: Logger.Metadata = [
        "destination": "\(destination.name)", "pending": .number(destination.pending),
        "dead": .number(destination.dead),
      ]
      logger.notice("found in the store", metadata: metadata)
    }
  }
}
