// CloudFront function (viewer request) of the distribution's socket paths: the room that a client
// names in the path goes into the query, before what the client says there, because API Gateway
// routes sockets by their stage alone. The local edge has the same table: infra/local/sockets.py.
var PATHS = [
  [/^\/(?:v1\/)?ws\/battles?\/([^\/]+)\/?$/, "battle"],
  [/^\/ws\/(chat)\/?$/, "tavern"],
];
var NAMES = ["battle", "tavern"];

function handler(event) {
  var request = event.request;
  for (var i = 0; i < PATHS.length; i++) {
    var found = PATHS[i][0].exec(request.uri);
    if (found) {
      // A client that says a room in the query too must not choose another one than its path.
      NAMES.forEach(function (name) {
        delete request.querystring[name];
      });
      request.querystring[PATHS[i][1]] = { value: found[1] };
      request.uri = "/live";
      return request;
    }
  }
  return { statusCode: 404, statusDescription: "Not Found" };
}
