import RelayCore
import RelayCurl
import RelayThreads
import RelayTools
import Testing

@Suite struct BlockingClientTests {
  @Test func methodHeadersAndBodyArriveAsGiven() async throws {
    try await withSink { _, address, requests in
      let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
      let response = try await request(
        "PUT", to: address, headers: ["content-type: application/json", "x-a: b"], body: body
      ).get()
      #expect(response.status == 200)
      #expect(response.body == Array("ok\n".utf8))
      #expect(response.contentType == "text/plain; charset=utf-8")
      let received = try #require(requests.all.first)
      #expect(received.method == "PUT")
      #expect(received.body == body)
      #expect(received.header("content-type") == "application/json")
      #expect(received.header("x-a") == "b")
      #expect(received.header("expect") == nil)
    }
  }

  @Test func aRequestMayHaveNoBodyAndNoContentType() async throws {
    try await withSink { _, address, requests in
      _ = try await request("DELETE", to: address, body: nil).get()
      _ = try await request("POST", to: address, body: []).get()
      #expect(requests.all.map(\.method) == ["DELETE", "POST"])
      #expect(requests.all.allSatisfy { $0.body.isEmpty && $0.header("content-type") == nil })
      #expect(requests.all.last?.header("content-length") == "0")
    }
  }

  @Test func oneClientKeepsItsConnectionAndForgetsItsOptions() async throws {
    try await withSink { _, address, requests in
      let statuses = await onThread {
        let client = BlockingClient()
        return [("POST", [65] as [UInt8]?), ("GET", nil), ("HEAD", nil), ("POST", [66])].map { method, body in
          try? client.send(
            method: method, url: "http://\(address)/", headers: [], body: body, timeout: .seconds(60)
          ).status
        }
      }
      #expect(statuses == [200, 200, 200, 200])
      #expect(requests.all.map(\.body) == [[65], [66]])
    }
  }

  @Test func redirectsAreNotFollowed() async throws {
    try await withSink(SinkSettings(status: 302)) { _, address, requests in
      #expect(await request(to: address).status == 302)
      #expect(requests.all.count == 1)
    }
  }

  @Test func aTimeoutIsAFailureOfThatKind() async throws {
    try await withSink { sink, address, _ in
      let kind = await onThread { () -> TransportFailure.Kind? in
        let client = BlockingClient()
        do throws(TransportFailure) {
          // Connected beforehand: however busy the machine, it is the answer that takes too long.
          let url = "http://\(address)/"
          _ = try client.send(method: "POST", url: url, headers: [], body: [], timeout: .seconds(60))
          sink.update(SinkSettings(listen: ListenAddress(host: "127.0.0.1", port: 0), delay: .seconds(3_600)))
          _ = try client.send(method: "POST", url: url, headers: [], body: [], timeout: .milliseconds(50))
          return nil
        } catch {
          return error.kind
        }
      }
      #expect(kind == .timeout)
    }
  }

  @Test func anAnswerBeyondTheBoundIsAFailure() async throws {
    try await withSink { _, address, _ in
      let message = await onThread { () -> String? in
        do throws(TransportFailure) {
          _ = try BlockingClient(maxAnswerBytes: 2).send(
            method: "POST", url: "http://\(address)/", headers: [], body: [], timeout: .seconds(60))
          return nil
        } catch {
          return error.message
        }
      }
      #expect(message == "the answer is longer than 2 bytes")
    }
  }

  /// Broken by any other protocol that libcurl would speak: these are refused before anything is opened or asked.
  @Test(arguments: [
    ("file:///etc/hostname", "\"file\""), ("ftp://127.0.0.1/", "\"ftp\""),
    ("not a url", "URL using"), ("", "URL using"),
  ])
  func onlyHTTPIsSpoken(url: String, words: String) async {
    let message = await onThread { () -> String in
      do throws(TransportFailure) {
        _ = try BlockingClient().send(method: "GET", url: url, headers: [], body: nil, timeout: .seconds(5))
        return "it was spoken"
      } catch {
        return error.message
      }
    }
    #expect(message.contains(words), "\(message)")
  }
}
