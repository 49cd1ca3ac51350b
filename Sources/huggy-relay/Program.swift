import Glibc

@main
enum Program {
  /// On the main thread, before there is another one: the environment has no lock.
  @MainActor static func main() async {
    // libdispatch gives some of its threads another priority. Where the system refuses that (an ordinary user, a
    // unit's SystemCallFilter), it writes a line of its own to syslog, which systemd's journal shows as the relay's.
    setenv("LIBDISPATCH_LOG", "NO", 0)
    await HuggyRelay.main()
  }
}
