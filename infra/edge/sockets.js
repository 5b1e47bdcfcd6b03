// CloudFront function (viewer request) of the distribution's socket paths: the room that a client
// names in the path goes into the query, because API Gateway routes sockets by their stage alone. The
// local edge has the same table: infra/local/sockets.py.
var PATHS = [
  [/^\/(?:v1\/)?ws\/battles\/(btl_[0-9A-Za-z]+)\/?$/, "tracker"],
  [/^\/(?:v1\/)?ws\/battles?\/([0-9A-Za-z_-]+)\/?$/, "battle"],
  [/^\/ws\/(chat)\/?$/, "tavern"],
];

function namesRoom(name) {
  try {
    name = decodeURIComponent(name);
  } catch (error) {
    return false;
  }
  return PATHS.some(function (path) {
    return path[1] === name;
  });
}

function handler(event) {
  var request = event.request;
  for (var i = 0; i < PATHS.length; i++) {
    var found = PATHS[i][0].exec(request.uri);
    if (found) {
      // A client that names a room in its query too chooses no other one than that of its path.
      Object.keys(request.querystring)
        .filter(namesRoom)
        .forEach(function (name) {
          delete request.querystring[name];
        });
      request.querystring[PATHS[i][1]] = { value: found[1] };
      request.uri = "/live";
      return request;
    }
  }
  return { statusCode: 404, statusDescription: "Not Found" };
}
