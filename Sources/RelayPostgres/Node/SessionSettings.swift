/// The server's settings that a session of ours has, whatever its role, its database or the server have by default. Pure.
struct SessionSettings: Sendable, Equatable {
  /// What a connection is for.
  enum Purpose: Sendable, CaseIterable {
    /// The data's path: what it has committed is on the server's disk.
    case writer
    /// Heartbeats and notifications: one that is lost is followed by the next.
    case watch
    /// What people ask: it can't write, and none of its statements takes long.
    case look
    /// What the store does by itself: what is lost of it is done again.
    case keeping
  }

  struct Setting: Sendable, Equatable {
    var name: String
    /// As `current_setting` shows it.
    var value: String
  }

  let settings: [Setting]

  /// - Parameter serverVersion: As `server_version_num`: 150018 is 15.18.
  init(_ purpose: Purpose, serverVersion: Int) {
    var settings = [
      // Temporary tables would else come first.
      Setting(name: "search_path", value: "\(Schema.name), pg_temp"),
      Setting(name: "client_encoding", value: "UTF8"),
      Setting(name: "synchronous_commit", value: purpose == .writer ? "on" : "off"),
      // The server says by a warning that no standby has confirmed a commit: it is not to keep that to itself.
      Setting(name: "client_min_messages", value: "warning"),
      // What the path's statements are written for: two commits that touch the same row follow each other. Who looks sees what there is as
      // it stood at one time.
      Setting(
        name: "default_transaction_isolation", value: purpose == .look ? "repeatable read" : "read committed"),
      // One plan for each statement, whatever its parameters; and the one that goes by an index also while a table is empty.
      Setting(name: "plan_cache_mode", value: "force_generic_plan"),
      Setting(name: "enable_seqscan", value: "off"),
      Setting(name: "enable_bitmapscan", value: "off"),
      // Ids are looked for one by one: between the least and the highest of them there may be whole days.
      Setting(name: "enable_hashjoin", value: "off"),
      Setting(name: "enable_mergejoin", value: "off"),
      // A generic plan does not know how few rows a LIMIT lets through: it would start workers for 64 of them.
      Setting(name: "max_parallel_workers_per_gather", value: "0"),
      Setting(name: "jit", value: "off"),
      // Each call of the path has a deadline of its own here, and a node at rest keeps its slot.
      Setting(name: "statement_timeout", value: purpose == .look ? "10s" : "0"),
      Setting(name: "lock_timeout", value: "0"),
      Setting(name: "idle_session_timeout", value: "0"),
    ]
    if purpose == .look {
      settings.append(Setting(name: "default_transaction_read_only", value: "on"))
      // A transaction of somebody who is gone would keep old rows from being removed.
      settings.append(Setting(name: "idle_in_transaction_session_timeout", value: "30s"))
    }
    if purpose == .keeping {
      // A node that stops in the middle of a step gives way to the others.
      settings.append(Setting(name: "idle_in_transaction_session_timeout", value: "10s"))
    }
    if serverVersion >= 170_000 {
      // A node that stops in the middle of a pipeline keeps its row locks no longer than this.
      // What the store does by itself may look along a whole day.
      settings.append(Setting(name: "transaction_timeout", value: purpose == .keeping ? "11min" : "20s"))
    }
    self.settings = settings
  }

  /// What ends a connection to a machine that is gone, on the server's side. They show nothing on a Unix socket, so they can't be read back.
  static let keepalives = [
    Setting(name: "tcp_keepalives_idle", value: "5"),
    Setting(name: "tcp_keepalives_interval", value: "2"),
    Setting(name: "tcp_keepalives_count", value: "3"),
    Setting(name: "tcp_user_timeout", value: "10000"),
  ]

  /// A setting that the session has set, and does not have.
  struct Refused: Sendable, Equatable {
    var setting: Setting
    /// nil: the server does not know it.
    var shown: String?
  }

  /// - Parameter values: What `current_setting` shows, in the order of `settings`; nil: the server does not know it.
  func refused(_ values: [String?]) -> [Refused] {
    zip(settings, values).compactMap { $0.value == $1 ? nil : Refused(setting: $0, shown: $1) }
  }
}
