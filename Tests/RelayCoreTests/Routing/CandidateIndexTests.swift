import Testing

@testable import RelayCore

@Suite struct CandidateIndexTests {
  private func candidates(_ routes: [Route], _ type: String, _ company: String?) -> [Int] {
    // Those that take every type stand with each type, or by themselves: the same routes are asked.
    let both = [0, .max].map { maxCopies in
      var numbers: [Int] = []
      CandidateIndex(routes, maxCopies: maxCopies).candidates(ofType: type).forEach(company: company) {
        numbers.append($0)
        return true
      }
      return numbers
    }
    #expect(both[0] == both[1])
    return both[0]
  }

  private func route(_ match: Match) -> Route { Route(name: "r", match: match, action: .drop) }

  @Test func routesForOtherCompaniesAreNotAsked() {
    var routes = (0..<1_000).map { route(.company(String($0))) }
    routes.append(route(Match(companies: .words("500", "7"))))
    #expect(candidates(routes, "receivedMessage", "500") == [500, 1_000])
    #expect(candidates(routes, "receivedMessage", "1000") == [])
    #expect(candidates(routes, "receivedMessage", nil) == [])
  }

  @Test func routesForOtherTypesAreNotAsked() {
    let routes = (0..<100).map { route(.event("type\($0)")) } + [route(.event("closed*"))]
    #expect(candidates(routes, "TYPE7", nil) == [7])
    #expect(candidates(routes, "closedChat", nil) == [100])
    #expect(candidates(routes, "createdChat", nil) == [])
  }

  @Test func specificAndGeneralRoutesComeInTheirOrder() {
    let routes = [
      route(Match()), route(.company("1")), route(.company("1*")), route(.company("2")), route(.company(nil)),
      route(Match(companies: .words("2", "1"))), route(Match(companies: .words("3", nil))),
    ]
    #expect(candidates(routes, "receivedMessage", "1") == [0, 1, 2, 4, 5, 6])
    #expect(candidates(routes, "unheardOf", "2") == [0, 2, 3, 4, 5, 6])
    #expect(candidates(routes, "unheardOf", nil) == [0, 2, 4, 6])
  }

  @Test func aRouteThatNamesATypeInTwoWaysIsAskedOnce() {
    let routes = [
      route(Match(events: .words("closedChat", "closed*", "CLOSEDCHAT"))),
      route(Match(events: .words("*", "closedChat"))),
    ]
    #expect(candidates(routes, "closedChat", nil) == [0, 1])
    #expect(candidates(routes, "other", nil) == [0, 1])
  }

  /// Had each type to look at each route, this would take minutes.
  @Test(.timeLimit(.minutes(15))) func thirtyThousandTypesAreIndexedInNoTime() {
    let routes = (0..<30_000).map { route(.event("type\($0)")) } + [route(Match()), route(.event("*Chat"))]
    let index = CandidateIndex(routes)
    var asked: [Int] = []
    index.candidates(ofType: "type29999").forEach(company: nil) {
      asked.append($0)
      return true
    }
    #expect(asked == [29_999, 30_000])
  }

  @Test func aListThatNamesACompanyTwiceIsAskedOnce() {
    #expect(candidates([route(Match(companies: .words("1", "1")))], "x", "1") == [0])
  }

  @Test func itGoesOnOnlyWhileItIsTold() {
    let index = CandidateIndex([route(Match()), route(.company("1")), route(Match())])
    var asked: [Int] = []
    index.candidates(ofType: "x").forEach(company: "1") {
      asked.append($0)
      return asked.count < 2
    }
    #expect(asked == [0, 1])
  }
}
