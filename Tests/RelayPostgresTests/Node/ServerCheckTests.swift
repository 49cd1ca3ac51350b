import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct ServerCheckTests {
  private let good = ServerFacts(
    version: 150_018, isStandby: false, isReadOnly: false, encoding: "UTF8", hasFsync: true,
    hasFullPageWrites: true, connectionLimit: 97, database: "relay", role: "relay", canCreateSchema: true,
    hasSchema: false, canUseSchema: false, ownsTables: true)

  private func refusal(_ change: (inout ServerFacts) -> Void) -> String {
    var facts = good
    change(&facts)
    return ServerCheck.refusal(facts) ?? "none"
  }

  @Test func aServerThatHasAllIsTakenWithoutAWord() {
    #expect(ServerCheck.refusal(good) == nil)
    #expect(ServerCheck.warnings(good, nodes: 19) == [])
  }

  @Test func aServerBefore15IsRefused() {
    #expect(refusal { $0.version = 149_999 }.contains("PostgreSQL 14.9999, and the store needs 15"))
    #expect(refusal { $0.version = 90_624 }.contains("PostgreSQL 9.6"))
    #expect(refusal { $0.version = 150_000 } == "none")
  }

  @Test func aServerThatCanOnlyBeReadIsRefused() {
    #expect(refusal { $0.isStandby = true }.contains("target_session_attrs=read-write"))
    #expect(refusal { $0.isReadOnly = true }.contains("default_transaction_read_only"))
  }

  @Test func anEncodingThatDoesNotHoldEveryTextIsRefused() {
    #expect(refusal { $0.encoding = "SQL_ASCII" }.contains("ENCODING 'UTF8'"))
  }

  @Test func aRoleThatLacksWhatItNeedsIsToldHowToGrantIt() {
    #expect(refusal { $0.canCreateSchema = false }.contains("GRANT CREATE ON DATABASE relay TO relay"))
    let foreign = refusal {
      $0.canCreateSchema = false
      $0.role = "Relay \"x\""
    }
    #expect(foreign.contains(#"TO "Relay ""x""","#))
    let closed = refusal { $0.hasSchema = true }
    #expect(closed.contains("GRANT USAGE, CREATE ON SCHEMA huggy_relay TO relay"))
    let others = refusal {
      $0.hasSchema = true
      $0.canUseSchema = true
      $0.ownsTables = false
    }
    #expect(others.contains("belong to another role than relay"))
    let made = refusal {
      $0.canCreateSchema = false
      $0.hasSchema = true
      $0.canUseSchema = true
    }
    #expect(made == "none")
  }

  @Test func aRoleThatCouldNotEndAnotherNodesSessionsIsRefused() {
    let own = ServerFacts.OtherRole(name: "relay", canBeEnded: true, canEnd: true)
    #expect(ServerCheck.refusal(good, others: [own]) == nil)
    let other = ServerFacts.OtherRole(name: "admin", canBeEnded: false, canEnd: true)
    let refusal = ServerCheck.refusal(good, others: [own, other])
    #expect(refusal?.contains("connected as admin") == true)
    #expect(refusal?.contains("GRANT pg_signal_backend TO relay") == true)
  }

  @Test func aRoleWhoseSessionsAnotherNodeCouldNotEndIsRefused() {
    let other = ServerFacts.OtherRole(name: "Other", canBeEnded: true, canEnd: false)
    let refusal = ServerCheck.refusal(good, others: [other])
    #expect(refusal?.contains("that role may not end the sessions of relay") == true)
    #expect(refusal?.contains(#"GRANT pg_signal_backend TO "Other""#) == true)
  }

  @Test func whatACrashMayLoseIsWarnedOf() {
    var facts = good
    facts.hasFsync = false
    facts.hasFullPageWrites = false
    let warnings = ServerCheck.warnings(facts, nodes: 1)
    #expect(warnings.count == 2)
    #expect(warnings.first?.contains("fsync = on") == true)
  }

  @Test func tooFewConnectionsAreWarnedOf() {
    var facts = good
    facts.connectionLimit = 10
    #expect(ServerCheck.warnings(facts, nodes: 2) == [])
    #expect(ServerCheck.warnings(facts, nodes: 3).first?.hasPrefix("3 relays need 15 connections") == true)
    facts.connectionLimit = 2
    #expect(ServerCheck.warnings(facts, nodes: 1).first?.hasPrefix("a relay needs 5 connections") == true)
  }
}
