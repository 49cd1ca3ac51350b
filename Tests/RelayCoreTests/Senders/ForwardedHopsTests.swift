import Testing

@testable import RelayCore

@Suite struct ForwardedHopsTests {
  /// As texts, from the last one to the first; `?` is what can't be read.
  private func hops(_ value: String, _ form: ForwardedHops.Form) -> [String] {
    ForwardedHops(Array(value.utf8), form).map { hop in
      switch hop {
      case .address(let address): "\(address)"
      case .unreadable: "?"
      }
    }
  }

  @Test(
    arguments: [
      ("", []), ("192.0.2.7", ["192.0.2.7"]),
      (
        "192.0.2.7, 192.0.2.8,192.0.2.9 ,\t192.0.2.10 ",
        ["192.0.2.10", "192.0.2.9", "192.0.2.8", "192.0.2.7"]
      ),
      (", ,192.0.2.7,,", ["192.0.2.7"]),
      ("192.0.2.7:4711", ["192.0.2.7"]), ("2001:DB8::7", ["2001:db8::7"]), ("[2001:db8::7]", ["2001:db8::7"]),
      ("[2001:db8::7]:4711", ["2001:db8::7"]), ("::ffff:192.0.2.7", ["192.0.2.7"]),
      ("[::ffff:c000:207]:1", ["192.0.2.7"]),
      ("unknown, 192.0.2.7, _hidden", ["?", "192.0.2.7", "?"]), ("192.0.2.7:, [192.0.2.7]", ["?", "?"]),
      ("[2001:db8::7, [2001:db8::7]4711, 2001:db8::7:port", ["?", "?", "?"]),
      ("192.0.2.7:123456, 192.0.2.07, 192.0.2", ["?", "?", "?"]),
      // A hidden port has a form, too (RFC 7239, 6).
      (
        "192.0.2.7:_a.B-9_, 192.0.2.7:_por\u{FFFD}:47\", 192.0.2.7:_, 192.0.2.7:_a b",
        ["?", "?", "?", "192.0.2.7"]
      ),
      // Quotes mean nothing here.
      ("\"a, 192.0.2.7", ["192.0.2.7", "?"]), ("\"192.0.2.7\"", ["?"]),
    ] as [(String, [String])])
  func addressesAreReadFromTheEnd(value: String, expected: [String]) {
    #expect(hops(value, .addresses) == expected)
  }

  @Test(
    arguments: [
      ("for=192.0.2.7", ["192.0.2.7"]), ("For=192.0.2.7;proto=https;by=203.0.113.1", ["192.0.2.7"]),
      ("proto=https ; FOR = \"192.0.2.7:80\" ;", ["192.0.2.7"]),
      ("for=\"[2001:db8:cafe::17]:4711\"", ["2001:db8:cafe::17"]),
      ("for=\"[2001:db8::1]:_port\", for=192.0.2.8", ["192.0.2.8", "2001:db8::1"]),
      ("for=192.0.2.7;host=\"a,b;for=192.0.2.9\"", ["192.0.2.7"]),
      ("for=192.0.2.7;host=\"a\\\", for=192.0.2.9\"", ["192.0.2.7"]),
      ("for=192.0.2.7;host=\"a\\\\\", for=192.0.2.9", ["192.0.2.9", "192.0.2.7"]),
      ("for=unknown, for=_SEVKISEK, for=\"_gazonk\"", ["?", "?", "?"]),
      ("by=192.0.2.7, proto=https, 192.0.2.7", ["?", "?", "?"]),
      ("for=192.0.2.7;for=192.0.2.8", ["?"]), ("for=\"192.0.2.7", ["?"]), ("for=192.0.2.7\"", ["?"]),
      ("for=", ["?"]), ("for=\"\"", ["?"]), (" , ", []),
    ] as [(String, [String])])
  func pairsAreReadFromTheEnd(value: String, expected: [String]) {
    #expect(hops(value, .pairs) == expected)
  }

  /// Whatever a client sends, a proxy appends to it.
  @Test(arguments: [
    "\"", "for=\"", "for=\"\\", "\\", "for=198.51.100.1;host=\"", "\"\"\"", "for=\"198.51.100.1\\\"",
    "\"a\\\"", ";", "=",
  ])
  func whatStandsBeforeAProxysWordChangesNothingOfIt(start: String) {
    for word in ["for=192.0.2.7", "for=\"[2001:db8::7]:80\";proto=https", "proto=\"a\\\"b,\";for=192.0.2.7"] {
      #expect(hops("\(start), \(word)", .pairs).first == hops(word, .pairs).first, "\(start) before \(word)")
    }
    #expect(hops("\(start), 192.0.2.7", .addresses).first == "192.0.2.7")
  }
}
