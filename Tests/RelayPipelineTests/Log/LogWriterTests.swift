import Foundation
import Testing

@testable import RelayPipeline

/// With real pipes: what nobody reads, what breaks, and what comes back.
@Suite(.timeLimit(.minutes(15))) struct LogWriterTests {
  /// A pipe's two ends.
  private struct Ends {
    let read: Int32
    let write: Int32

    /// - Parameter size: How much it holds unread, in bytes.
    init(size: Int32 = 4_096) {
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      (read, write) = (ends[0], ends[1])
      _ = fcntl(write, 1_031 /* F_SETPIPE_SZ */, size)
    }

    /// Reads until so many bytes have come, or none comes for a long time.
    func text(bytes count: Int) -> String {
      var all: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while all.count < count {
        var entry = pollfd(fd: read, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 20_000) == 1 else { break }
        let some = Glibc.read(read, &buffer, min(buffer.count, count - all.count))
        guard some > 0 else { break }
        all += buffer[..<some]
      }
      return String(decoding: all, as: UTF8.self)
    }

    /// Reads lines until one is `last`.
    func lines(until last: String) -> [String] {
      var text = ""
      while !text.hasSuffix("\(last)\n") {
        let byte = self.text(bytes: 1)
        guard !byte.isEmpty else { break }
        text += byte
      }
      return text.split(separator: "\n").map(String.init)
    }
  }

  private func writer(_ descriptor: Int32, limit: Int = 1 << 20) -> LogWriter {
    LogWriter(descriptor: descriptor, limit: limit) { Array("gap \($0)\n".utf8) }
  }

  private func bytes(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }

  @Test func whoLogsDoesNotWaitForAReaderAndTheGapIsTold() {
    let ends = Ends()
    let log = writer(ends.write, limit: 16 << 10)
    // Longer than the pipe. Once it has begun, the thread writes nothing else until somebody reads.
    log.write(bytes(String(repeating: "x", count: 10_000)))
    #expect(ends.text(bytes: 1) == "x")
    for number in 0..<20_000 { log.write(bytes("line \(number)")) }
    let dropped = log.dropped.value
    #expect(dropped > 19_000)
    #expect(!log.flush(within: .milliseconds(10)))
    // What waits in the queue comes, then the gap, then what is new.
    #expect(ends.text(bytes: 10_000).hasSuffix("x\n"))
    let waiting = ends.lines(until: "gap \(dropped)").dropLast()
    #expect(Array(waiting) == (0..<20_000 - dropped).map { "line \($0)" })
    log.write(bytes("again"))
    #expect(ends.text(bytes: 6) == "again\n")
    #expect(log.flush(within: .seconds(30)))
  }

  @Test func aDescriptorThatDoesNotBlockLosesNothing() {
    let ends = Ends()
    _ = fcntl(ends.write, F_SETFL, O_NONBLOCK)
    let log = writer(ends.write)
    // Longer than the pipe: no write takes it whole.
    let lines = (0..<5).map { "\($0)" + String(repeating: "x", count: 20_000) } + ["end"]
    for line in lines { log.write(bytes(line)) }
    #expect(ends.lines(until: "end") == lines)
    #expect(log.dropped.value == 0)
  }

  @Test func aReaderThatHasGoneEndsNothing() {
    let ends = Ends()
    close(ends.read)
    let log = writer(ends.write)
    for _ in 0..<3 { log.write(bytes("line")) }
    #expect(log.flush(within: .seconds(30)))
    #expect(log.dropped.value == 3)
  }

  @Test func whatAFullDiskLostIsToldWhenItTakesLinesAgain() {
    let descriptor = open("/dev/full", O_WRONLY)
    let log = writer(descriptor)
    log.write(bytes("lost"))
    #expect(log.flush(within: .seconds(30)))
    #expect(log.dropped.value == 1)
    let ends = Ends()
    dup2(ends.write, descriptor)
    log.write(bytes("kept"))
    #expect(ends.lines(until: "kept") == ["gap 1", "kept"])
    #expect(log.dropped.value == 1)
  }

  @Test func aLineThatBrokeOffDoesNotSpoilTheNext() {
    let (first, second) = (Ends(), Ends())
    let log = writer(first.write)
    log.write([UInt8](repeating: 0x78, count: 100_000) + [0x0A])
    // It has begun; now its reader goes.
    #expect(first.text(bytes: 1) == "x")
    close(first.read)
    #expect(log.flush(within: .seconds(30)))
    dup2(second.write, first.write)
    log.write(bytes("whole"))
    #expect(second.text(bytes: 13) == "\ngap 1\nwhole\n")
  }

  @Test func aWriterThatGoesWritesWhatItHasAndEndsItsThread() {
    let ends = Ends()
    var log: LogWriter? = writer(ends.write)
    log?.write(bytes("last"))
    log = nil
    #expect(ends.lines(until: "last") == ["last"])
  }
}
