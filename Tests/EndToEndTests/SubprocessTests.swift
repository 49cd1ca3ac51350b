import Testing

@testable import huggy_relay

/// How `doctor` asks systemctl.
@Suite struct SubprocessTests {
  private func output(_ program: String, _ arguments: [String], _ patience: Duration = .seconds(600))
    -> String?
  {
    SubprocessOutput.of(program, arguments, patience: patience).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(.timeLimit(.minutes(15))) func itsOutputIsReadToItsEnd() {
    #expect(output("echo", ["a b", "c"]) == "a b c\n")
    #expect(output("sh", ["-c", "head -c 200000 /dev/zero"])?.utf8.count == 200_000)
  }

  @Test(.timeLimit(.minutes(15))) func itHasNothingToReadAndNowhereToComplain() {
    let ends = "echo unheard >&2; readlink /proc/self/fd/0 /proc/self/fd/2"
    #expect(output("sh", ["-c", ends]) == "/dev/null\n/dev/null\n")
  }

  @Test(.timeLimit(.minutes(15))) func whatFailsSaysNothing() {
    #expect(output("sh", ["-c", "echo a; exit 3"]) == nil)
    #expect(output("no-such-program-anywhere", []) == nil)
  }

  @Test(.timeLimit(.minutes(15))) func whoDoesNotEndIsNotWaitedFor() {
    #expect(output("sleep", ["1000000"], .milliseconds(20)) == nil)
  }
}
