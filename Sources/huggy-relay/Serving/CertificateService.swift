import Logging
import RelayListening
import RelayThreads
import ServiceLifecycle

/// Takes the listeners' certificates and keys again when their files have changed.
struct CertificateService: Service {
  let listeners: [ListenerCertificates]
  let logger: Logger

  /// How often it looks.
  private static let interval = Duration.seconds(5)

  func run() async throws {
    // A look at a file may hang, with the disk or the server that it is on: nobody waits for it.
    let isLooking = Locked(false)
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try await Task.sleep(for: Self.interval)
        let secured = listeners.filter(\.isOfFiles)
        guard !secured.isEmpty, isLooking.withLock({ $0.begins() }) else { continue }
        Task {
          for certificates in secured { await look(certificates) }
          isLooking.withLock { $0 = false }
        }
      }
    }
  }

  private func look(_ certificates: ListenerCertificates) async {
    let key = certificates.listener.key
    switch await onThread(named: "certificates", certificates.lookAgain) {
    case nil: break
    case .success: logger.notice("\(key): the files have changed, and are taken")
    case .failure(let error):
      logger.error(
        "\(key): the files have changed, and are of no use: the ones before stay",
        metadata: ["problem": "\(error)"])
    }
  }
}

extension Bool {
  /// - Returns: Whether it was false.
  mutating func begins() -> Bool {
    defer { self = true }
    return !self
  }
}
