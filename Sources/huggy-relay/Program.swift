import Glibc
import Logging
import RelayCore
import RelayPipeline

@main
enum Program {
  /// On the main thread, before there is another one: the environment has no lock.
  @MainActor static func main() async {
    // libdispatch gives some of its threads another priority. Where the system refuses that (an ordinary user, a
    // unit's SystemCallFilter), it writes a line of its own to syslog, which systemd's journal shows as the relay's.
    setenv("LIBDISPATCH_LOG", "NO", 0)
    ProcessLimits.forbidMemoryDumps()
    await HuggyRelay.main()
  }
}

/// What the process asks of the system before it starts.
enum ProcessLimits {
  /// What a crash leaves of the process must not be its memory, which holds every secret and what customers have written.
  ///
  /// The limit is one byte, not none: with none, a program that `core_pattern` names is handed the memory all the same, and it
  /// alone decides; with one byte Linux hands nothing over, and writes no file.
  static func forbidMemoryDumps() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    limit.rlim_max = min(limit.rlim_max, 1)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
  }

  /// Raises the limit of open files as far as the system lets us, and says so if that is not enough.
  static func prepare(for configuration: Configuration, logger: Logger) {
    signal(SIGPIPE, SIG_IGN)
    // Where a file may not grow any more (`ulimit -f`), writing is to fail, not to end the process.
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let needed =
      configuration.server.maxConnections
      + configuration.destinations.reduce(0) { $0 + 2 * $1.concurrency } + 64
    guard limit.rlim_cur < rlim_t(needed) else { return }
    logger.warning(
      "few open files allowed",
      metadata: [
        "limit": .number(limit.rlim_cur), "may_need": .number(needed),
        "hint": "raise LimitNOFILE, or lower server.max_connections or the destinations' concurrency",
      ])
  }
}
