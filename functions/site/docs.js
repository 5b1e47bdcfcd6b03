// The page and the document lie beside each other, below whatever prefix a stage of the gateway has.
// Credentials that are entered stay in this browser, each under its scheme.
// Swagger UI reads 3.1 by a parser that takes ten seconds a route of a document of this size; what
// ours uses of 3.1 it shows as well when it is read as 3.0.
SwaggerUIBundle({
  url: "openapi.json",
  responseInterceptor: (answer) => {
    if (new URL(answer.url, document.baseURI).pathname.endsWith("/openapi.json")) {
      answer.text = answer.text.replace('"openapi": "3.1.0"', '"openapi": "3.0.4"');
    }
    return answer;
  },
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "none",
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
