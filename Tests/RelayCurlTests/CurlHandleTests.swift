import CCurl
import Testing

@testable import RelayCurl

/// libcurl's handles as Swift types.
@Suite struct CurlHandleTests {
  init() { CurlGlobal.initialize }

  /// Nothing is sent: the protocol is not allowed.
  private func fail(_ easy: borrowing EasyHandle) -> CURLcode {
    easy.restrict()
    easy.set(.url, "ftp://127.0.0.1/")
    return easy.perform()
  }

  @Test func whatWentWrongIsToldUntilItIsForgotten() {
    let easy = EasyHandle()
    #expect(easy.errorText == "")
    #expect(fail(easy) == CURLE_UNSUPPORTED_PROTOCOL)
    #expect(easy.errorText.contains("ftp"))
    easy.forgetError()
    #expect(easy.errorText == "")
  }

  @Test func afterAResetErrorsAreToldAsBefore() {
    let easy = EasyHandle()
    _ = fail(easy)
    easy.reset()
    #expect(easy.errorText == "")
    #expect(fail(easy) == CURLE_UNSUPPORTED_PROTOCOL)
    #expect(easy.errorText.contains("ftp"))
  }

  @Test func aMultiHandleTakesEachHandleOnceAndNothingOnceItIsClosed() {
    let first = EasyHandle()
    let second = EasyHandle()
    #expect(first.id != second.id)
    let multi = MultiHandle(maxConnections: 1, multiplexes: false)
    first.restrict()
    first.set(.url, "ftp://127.0.0.1/")
    #expect(multi.add(first) == CURLM_OK)
    #expect(multi.add(first) != CURLM_OK)
    #expect(multi.act(on: CURL_SOCKET_TIMEOUT, flags: 0) == CURLM_OK)
    let ended = multi.nextEnded()
    #expect(ended?.easy == first.id && ended?.code == CURLE_UNSUPPORTED_PROTOCOL)
    #expect(multi.nextEnded() == nil)
    multi.remove(first.id)
    multi.close()
    #expect(multi.add(second) == CURLM_BAD_HANDLE)
  }
}
