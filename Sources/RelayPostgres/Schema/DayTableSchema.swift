/// The tables that rows of events, deliveries, failures and envelopes stand in.
///
/// What arrives stands in tables of its day, which are parts of `event_days` and the like, and go as wholes. What is still pending or dead
/// when its day goes is moved to `event_kept` and the like: `kept` says so of a row. Both together are `event`, `delivery` and `failure`.
/// An envelope is never kept.
///
/// No index is one of the whole: so whatever is done with one table locks no other, and an id alone makes a primary key.
enum DayTableSchema {
  /// What the whole of all days is called, behind its name.
  static let days = "days"
  /// What the table of what is kept is called, behind the name of the whole.
  static let kept = "kept"

  /// - Parameters:
  ///   - suffix: Behind the name.
  ///   - whole: What it becomes a part of.
  ///   - values: For which values.
  static func event(
    _ names: TableNames, suffix: String, in whole: String, for values: String
  ) -> String {
    let table = "\(names.event)_\(suffix)"
    return part(
      table, of: names.event, " WITH (toast_tuple_target = 8160)",
      [
        "ALTER TABLE \(table) ADD PRIMARY KEY (id)",
        "CREATE INDEX \(names.event)_number_\(suffix) ON \(table) (number)",
        // What has a body though it went nowhere: bodies are removed along it.
        "CREATE INDEX \(names.event)_unrouted_\(suffix) ON \(table) (number) WHERE deliveries = 0 AND length(body) > 0",
      ], in: whole, for: values)
  }

  static func delivery(
    _ names: TableNames, suffix: String, in whole: String, for values: String
  ) -> String {
    let (name, table) = (names.delivery, "\(names.delivery)_\(suffix)")
    func index(_ kind: String, _ columns: String, _ condition: String) -> String {
      "CREATE INDEX \(name)_\(kind)_\(suffix) ON \(table) (\(columns)) WHERE \(condition)"
    }
    return part(
      table, of: name, " WITH (fillfactor = 40)",
      [
        "ALTER TABLE \(table) ADD PRIMARY KEY (id)",
        index("shelf", "destination, shelf, id", "shelf IS NOT NULL"),
        index("due", "destination, shelf, due, id", "due IS NOT NULL"),
        index("key", "destination, order_key, id", "order_key IS NOT NULL"),
        index("rerouted", "id", "arrived IS NOT NULL AND run = 0"),
        index("replayed", "id", "arrived IS NOT NULL AND run > 0"),
      ], in: whole, for: values)
  }

  static func failure(
    _ names: TableNames, suffix: String, in whole: String, for values: String
  ) -> String {
    let table = "\(names.failure)_\(suffix)"
    return part(
      table, of: names.failure, "", ["ALTER TABLE \(table) ADD PRIMARY KEY (delivery, attempt)"], in: whole,
      for: values)
  }

  static func envelope(
    _ names: TableNames, suffix: String, in whole: String, for values: String
  ) -> String {
    part("\(names.envelope)_\(suffix)", of: names.envelope, "", [], in: whole, for: values)
  }

  /// A table is made alone, and then made a part of the whole by ATTACH, which no insert and no look waits for; `CREATE TABLE … PARTITION OF`
  /// would have all wait that come after it, while it waits itself.
  private static func part(
    _ table: String, of model: String, _ settings: String, _ indexes: [String], in whole: String,
    for values: String
  ) -> String {
    let made = "CREATE TABLE \(table) (LIKE \(model) INCLUDING DEFAULTS INCLUDING STORAGE)\(settings)"
    let attached = "ALTER TABLE \(whole) ATTACH PARTITION \(table) FOR VALUES \(values)"
    return ([made] + indexes + [attached]).map { "\($0);" }.joined(separator: "\n")
  }
}
