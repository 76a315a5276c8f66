// Search from the disk. Browsers start no worker from a file, so Material's search would hide itself; here
// the worker's script runs in a hidden frame of the page instead. Served pages keep the browser's workers.
// The name matters: Material's plugin "offline" fetches a shim from a content network unless one is listed
// under `extra: polyfills` of mkdocs.yml whose path contains it.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      this.ready = new Promise((loaded) => frame.addEventListener("load", loaded, { once: true }))
      this.frame = frame
      window.addEventListener("message", (event) => {
        if (event.source === frame.contentWindow) {
          this.dispatchEvent(new MessageEvent("message", { data: event.data }))
        }
      })
      const address = String(url).replaceAll("&", "&amp;").replaceAll('"', "&quot;")
      frame.srcdoc =
        "<script>" +
        "window.postMessage = (data) => parent.postMessage(data, '*');" +
        "window.importScripts = (...urls) => urls.reduce((done, url) => done.then(() => new Promise((next) => {" +
        "const script = document.createElement('script'); script.src = url; script.onload = next;" +
        "document.head.append(script) })), Promise.resolve())" +
        `<\/script><script src="${address}"><\/script>`
      const attach = () => document.body.append(frame)
      document.body ? attach() : document.addEventListener("DOMContentLoaded", attach)
    }

    postMessage(data) {
      this.ready.then(() => {
        this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }))
      })
    }

    terminate() {
      this.frame.remove()
    }
  }
}
