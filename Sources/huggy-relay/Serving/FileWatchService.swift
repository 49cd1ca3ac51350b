import RelayConfig
import RelayPipeline
import RelaySystem
import RelayThreads
import ServiceLifecycle

/// Has the configuration read again when files that it refers to have changed.
struct FileWatchService: Service {
  let taken: TakenConfiguration
  let controller: RelayController

  /// How often it looks; and how soon again where something has changed.
  private static let interval = Duration.seconds(5)
  private static let shortInterval = Duration.seconds(1)

  func run() async throws {
    // A look at a file may hang, with the disk or the server that it is on: nobody waits for it.
    let isLooking = Locked(false)
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try await Task.sleep(for: Self.interval)
        guard !taken.isWithoutFiles, isLooking.withLock({ $0.begins() }) else { continue }
        Task {
          await lookUntilItStays()
          isLooking.withLock { $0 = false }
        }
      }
    }
  }

  private func lookUntilItStays() async {
    while true {
      switch await onThread(named: "files", taken.look) {
      case .nothing: return
      case .lookAgain: try? await Task.sleep(for: Self.shortInterval)
      case .reload(let paths):
        // What is wrong is in the log.
        _ = try? await controller.reload(because: .files(paths))
        return
      }
    }
  }
}
