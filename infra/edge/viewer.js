// CloudFront function (viewer request) of the distribution's other paths: tells the functions who is
// calling and at which address, whatever the caller says of that. They believe it together with
// X-Origin-Secret alone.
function handler(event) {
  var request = event.request;
  request.headers["cloudfront-viewer-address"] = { value: event.viewer.ip + ":0" };
  request.headers["x-forwarded-host"] = { value: request.headers.host.value };
  return request;
}
