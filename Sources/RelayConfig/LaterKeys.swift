/// What the configuration will say in later versions: each is an error at its key until then. Take an entry
/// out when its behaviour comes.
enum LaterKeys {
  static let server = [
    "admin": "the admin API and the dashboard",
    "admin_token": "the admin API and the dashboard",
  ]
  static let store = [
    "retention": "deleting settled events by age",
    "max_size": "a limit to the store's size",
  ]
  static let destination = [
    "rate": "a limit to the rate of attempts",
    "circuit": "circuits",
    "max_backlog": "a limit to a destination's backlog",
    "paused": "pausing a destination",
  ]
  static let tls = [
    "certificate": "client certificates",
    "key": "client certificates",
  ]
  static let authorization = ["oauth2": "OAuth 2"]

  static let postgres = "a store on PostgreSQL"
  static let cloudEvents = "the format cloudevents"
  static let ordering = "delivery in order"

  static func message(_ feature: String) -> String {
    "not yet: this version lacks \(feature); remove it"
  }
}
