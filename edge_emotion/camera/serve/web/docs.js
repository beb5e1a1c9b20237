// The API, read from its own OpenAPI document.

const element = (id) => document.getElementById(id);

function tag(name, text, parent, className) {
  const node = document.createElement(name);
  node.textContent = text;
  if (className) node.className = className;
  parent.append(node);
  return node;
}

function show(path, method, operation) {
  const box = tag("div", "", element("operations"), "operation");
  tag("code", `${method.toUpperCase()} ${path}`, tag("h3", "", box));
  tag("p", operation.summary, box);
  const list = tag("dl", "", box, "facts");
  for (const parameter of operation.parameters ?? []) {
    tag("dt", `${parameter.name} (${parameter.in})`, list);
    tag("dd", parameter.schema?.type ?? "", list);
  }
  const kinds = Object.keys(operation.requestBody?.content ?? {});
  if (kinds.length) {
    tag("dt", "body", list);
    tag("dd", kinds.join(", "), list);
  }
  for (const [code, answer] of Object.entries(operation.responses)) {
    tag("dt", code, list);
    const types = Object.keys(answer.content ?? {}).join(", ");
    tag("dd", [answer.description, types].filter(Boolean).join(": "), list);
  }
}

element("try").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("outcome").textContent = "Sent, waiting";
  try {
    const answer = await fetch("/v1/predict", { method: "POST", body: element("file").files[0] });
    const found = await answer.json();
    element("outcome").textContent = answer.ok
      ? `${found.faces.length} ${found.faces.length === 1 ? "face" : "faces"} found`
      : `Refused: ${found.detail}`;
    element("answer").hidden = false;
    element("answer").firstChild.textContent = JSON.stringify(found, null, 2);
  } catch {
    element("outcome").textContent = "No answer";
  }
});

const api = await (await fetch("/openapi.json")).json();
element("about").textContent = api.info.description;
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) show(path, method, operation);
}
