import Glibc
import RelayHarness
import RelayThreads

/// A small shell beside this process, which holds a folder and perhaps a server in it. When this process ends, however it does, the shell ends
/// the server and removes the folder: it waits on a socket whose other end nobody else holds.
final class Watchdog: Sendable {
  fileprivate struct State: Sendable {
    /// The last thousand.
    var lines: [String] = []
    var serverID: Int32?
    /// The server, and all of its processes, have gone.
    var isOver = false
    /// The shell has gone, too, and the folder, if that was to go.
    var isDone = false
    /// -1: closed.
    var leash: Int32
  }

  private let state: Monitor<State>

  private static let script = """
    folder=$1; shift
    exec 3<&0 </dev/null
    if [ $# -gt 0 ]; then
      "$@" 3<&- &
      server=$!
      echo "watchdog: server $server" >&2
    fi
    trap '' INT TERM HUP
    exec >/dev/null 2>&1
    read -r word <&3
    if [ -n "$server" ]; then
      kill -QUIT "$server"
      # One that a test has stopped hears that once it goes on; one that hears nothing is ended after ten seconds.
      kill -CONT "$server"
      looks=0
      while kill -0 "$server" && [ $looks -lt 100 ]; do
        sleep 0.1
        looks=$((looks + 1))
      done
      kill -KILL "$server"
      wait "$server"
    fi
    [ "$word" = keep ] || rm -rf "$folder"
    """

  /// - Parameters:
  ///   - folder: It goes with this process, or with this object.
  ///   - command: A server that stays in the foreground.
  init(folder: String, running command: [String] = []) throws {
    let (leash, heldEnd) = try Self.connectedSockets()
    let (log, logEnd) = try Self.connectedSockets()
    let state = Monitor(State(leash: leash))
    self.state = state
    let arguments = ["/bin/sh", "-c", Self.script, "watchdog", folder] + command
    let shell = Self.spawn(arguments, input: heldEnd, output: logEnd)
    close(heldEnd)
    close(logEnd)
    guard let shell else { throw PostgresProblem("the system starts no shell") }
    let hasStarted = WorkerThread.start(name: "postgres log") {
      readLines(of: log) { line in
        state.update { $0.take(line) }
      }
      close(log)
      state.update { $0.isOver = true }
      while waitpid(shell, nil, 0) < 0, errno == EINTR {}
      state.update { $0.isDone = true }
    }
    guard hasStarted else { throw PostgresProblem("the system gives no more threads") }
  }

  deinit {
    letGo()
  }

  /// What the server has logged: its last thousand lines.
  var log: [String] { state.update { $0.lines } }

  /// The server's process; nil: it has gone.
  var serverID: Int32? { state.update { $0.isOver ? nil : $0.serverID } }

  /// Waits for a line of the log; nil: the server has gone without it, or it takes too long.
  func waitForLine(containing text: String, within time: Duration) -> String? {
    state.wait(timeout: time) { state -> String?? in
      if let line = state.lines.first(where: { $0.contains(text) }) { return line }
      return state.isOver ? .some(nil) : nil
    } ?? nil
  }

  /// Waits until no process of the server is left.
  func waitForEnd(within time: Duration) -> Bool {
    state.wait(timeout: time) { $0.isOver ? true : nil } ?? false
  }

  /// What happens when this process ends: a server that runs yet is ended, and the folder is removed.
  ///
  /// - Parameter keepingFolder: It stays, also when this process ends: for once the server has gone.
  func letGo(keepingFolder: Bool = false) {
    state.update { state in
      guard state.leash >= 0 else { return }
      if keepingFolder { _ = send(state.leash, "keep\n", 5, Int32(MSG_NOSIGNAL)) }
      close(state.leash)
      state.leash = -1
    }
  }

  /// Waits until all that follows of `letGo` is done.
  func waitUntilDone(within time: Duration) -> Bool {
    state.wait(timeout: time) { $0.isDone ? true : nil } ?? false
  }

  /// Not a pipe: none can be made that another child, just being started, does not inherit.
  private static func connectedSockets() throws -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw PostgresProblem("the system gives no sockets")
    }
    return (ends[0], ends[1])
  }

  /// Of those that this process has open; others may come meanwhile.
  private static var highestDescriptor: Int32 {
    guard let folder = opendir("/proc/self/fd") else { return STDERR_FILENO }
    defer { closedir(folder) }
    var highest = STDERR_FILENO
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      highest = max(highest, Int32(name) ?? highest)
    }
    return highest
  }

  /// Starts a program in a group of processes of its own, with no signal blocked: threads of tests block some, and a shell that does not
  /// hear of its child's end waits for it forever.
  private static func spawn(_ arguments: [String], input: Int32, output: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    // Else the server holds the ports of other tests' listeners for as long as it lives. What is closed already is no error.
    for descriptor in STDERR_FILENO + 1...highestDescriptor + 256 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))
    let words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var shell = pid_t()
    return posix_spawn(&shell, arguments[0], &actions, &attributes, words, environ) == 0 ? shell : nil
  }
}

extension Watchdog.State {
  fileprivate mutating func take(_ line: String) {
    let mark = "watchdog: server "
    if serverID == nil, line.hasPrefix(mark) { serverID = Int32(line.dropFirst(mark.count)) }
    lines.append(line)
    if lines.count > 1_000 { lines.removeFirst(lines.count - 1_000) }
  }
}
