import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct ConnectionMemoryTests {
  @Test func aBodyIsChargedUntilTheReceiverHasAnswered() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post(String(repeating: "x", count: 3000)))
    #expect((3000..<3200).contains(connection.budget.chargedBytes))
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test func aBodyWithoutRoomIsRefusedAndFreed() throws {
    var settings = ServerSettings()
    settings.maxInflightBytes = 1 << 20
    let connection = try EmbeddedConnection(settings: settings)
    connection.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 2000000"]))
    let piece = String(repeating: "x", count: 16 << 10)
    var output = ""
    for _ in 0..<100 where output.isEmpty {
      connection.send(piece)
      output = try connection.output()
      #expect(connection.budget.chargedBytes <= 1 << 20 + Inflater.stateBytes)
    }
    #expect(output.statuses == [503])
    #expect(output.contains("retry-after: "))
    #expect(connection.budget.chargedBytes == 0)
    #expect(connection.receiver.refused == [.init(path: "/huggy", status: 503)])
  }

  @Test func headersThatAreWithheldAreChargedToo() throws {
    let connection = try EmbeddedConnection()
    connection.send("POST /huggy HTTP/1.1\r\nX: " + String(repeating: "x", count: 2000))
    #expect(connection.budget.chargedBytes >= RequestParser.maxHeaderBytes)
    connection.send("\r\n\r\n")
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test func headersWithoutRoomAreRefused() throws {
    var settings = ServerSettings()
    settings.maxInflightBytes = 8 << 10
    let connection = try EmbeddedConnection(settings: settings)
    connection.send("POST /huggy HTTP/1.1\r\nX: " + String(repeating: "x", count: 2000))
    #expect(try connection.statuses() == [503])
  }
}
