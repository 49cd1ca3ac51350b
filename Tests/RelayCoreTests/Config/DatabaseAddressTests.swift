import RelayCore
import Testing

@Suite struct DatabaseAddressTests {
  @Test(arguments: [
    ("postgres://u:secret@h:1/d", "postgres://u@h:1/d"),
    ("postgresql://u@h/d", "postgres://u@h/d"),
    ("postgres://h", "postgres://h"),
    ("postgres:///d", "postgres:///d"),
    ("postgres://u:se?cret@h/d", "postgres://u@h/d"),
    (
      "postgres://u:secret@a:1,b:2/d?sslmode=require&password=secret&target_session_attrs=any",
      "postgres://u@a:1,b:2/d?sslmode=require&target_session_attrs=any"
    ),
    ("postgres://u:secret@/d?host=/run/postgresql", "postgres://u@/d?host=/run/postgresql"),
    ("postgres://h/d?sslpassword=secret&options=-c%20x%3Dsecret", "postgres://h/d"),
    ("secret", "postgres://"),
  ])
  func whatIsShownOfAnAddressHoldsNoPassword(url: String, shown: String) {
    let address = DatabaseAddress(url)
    #expect(address.shown == shown)
    #expect("\(address)" == shown && String(reflecting: address) == shown)
    #expect(address.url.reveal == url)
  }
}
