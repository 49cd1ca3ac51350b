import Logging
import RelayListening

/// A start that ends at once, since the configuration is wrong, where a socket of systemd's was passed.
///
/// Whoever waits in that socket has the service started again the moment that it has failed: neither `Restart=` nor
/// `RestartPreventExitStatus=` hold for that, and a limit (`TriggerLimitBurst=`) takes the socket away for good, so that senders are
/// refused until a person starts it. So each such start takes its time. Once the file is mended, the next one takes in all who wait.
struct WrongStart {
  let logger: Logger

  /// Between one start and the next: what senders wait at most once the file is mended, and what a failing service costs.
  private static let pause = Duration.seconds(5)

  /// Returns at once where nobody can wait in a socket, else after the pause, or when the process is told to end.
  ///
  /// - Parameter problem: What is wrong: the first of it.
  func wait(_ sockets: InheritedSockets, problem: String, unless terminations: Terminations) async {
    guard !sockets.descriptors.isEmpty else { return }
    logger.critical(
      "the configuration is wrong, and systemd starts the relay again for whoever connects to its socket: mend it, and they are served",
      metadata: ["pause": "\(Self.pause)"])
    ServiceManager.notify(.wrong(problem))
    await withTaskGroup { group in
      group.addTask { await terminations.wait() }
      group.addTask { try? await Task.sleep(for: Self.pause) }
      await group.next()
      group.cancelAll()
    }
  }
}
