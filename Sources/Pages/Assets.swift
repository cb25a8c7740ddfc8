internal import Vocabulary

/// What pages load, all of it from this binary. The path holds a digest of the content, so that it may be kept for ever.
public struct Asset: Sendable {
    public let path: String
    public let type: String
    public let content: String
    /// A strong entity tag.
    public let tag: String

    init(_ name: String, type: String, _ content: String) {
        let digest = String(Digest.hex(Digest.sha256(Array(content.utf8))).prefix(12))
        path = "/assets/\(name)?v=\(digest)"
        tag = "\"\(digest)\""
        self.type = type
        self.content = content
    }

    /// By their names.
    public static let all: [String: Asset] = ["page.css": style, "page.js": script, "icon.svg": icon]

    static let style = Asset("page.css", type: "text/css; charset=utf-8", StyleSheet.text)
    static let script = Asset("page.js", type: "text/javascript; charset=utf-8", scriptText)
    static let icon = Asset(
        "icon.svg", type: "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">\(hull("#0072b2"))</svg>")

    /// The mark before the name: a hull on an even keel.
    static let mark = "<svg class=\"mark\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">\(hull("currentColor"))</svg>"
    private static func hull(_ colour: String) -> String {
        "<path fill=\"\(colour)\" d=\"M3 17h26c-1.500 6-5 10-9 10h-8c-4 0-7.500-4-9-10zM15 4h2v11h-2zM18 6l8 8h-8zM14 7v7H7z\"/>"
    }

    /// The theme that was chosen, and the content anew when something has changed. Without it a page lacks only these two.
    private static let scriptText = """
        (function () {
          'use strict';
          var root = document.documentElement, key = 'evenkeel-theme', themes = ['', 'light', 'dark'];
          function chosen() { try { return localStorage.getItem(key) || ''; } catch (e) { return ''; } }
          function show(theme) { if (theme) { root.setAttribute('data-theme', theme); } else { root.removeAttribute('data-theme'); } }
          show(chosen());
          document.addEventListener('DOMContentLoaded', function () {
            var button = document.getElementById('theme'), live = document.getElementById('live');
            function name(theme) { button.textContent = 'Theme: ' + (theme || 'auto'); }
            button.hidden = false;
            name(chosen());
            button.addEventListener('click', function () {
              var next = themes[(themes.indexOf(chosen()) + 1) % themes.length];
              try { localStorage.setItem(key, next); } catch (e) { /* kept until the page is left */ }
              show(next);
              name(next);
            });
            var source = null, marker = null;
            function renew() {
              var main = document.getElementById('main'), held = document.activeElement;
              // What somebody is writing stays.
              if (held && main.contains(held) && /INPUT|SELECT|TEXTAREA/.test(held.tagName)) { live.textContent = 'There is news: reload'; return; }
              fetch(location.href, { headers: { Accept: 'text/html' } }).then(function (answer) {
                if (!answer.ok) { throw new Error('HTTP ' + answer.status); }
                return answer.text();
              }).then(function (text) {
                var fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('main');
                if (!fresh) { return; }
                var was = main.querySelectorAll('details'), now = fresh.querySelectorAll('details');
                if (was.length === now.length) { was.forEach(function (d, i) { now[i].open = d.open; }); }
                var stops = 'a[href],summary,button,[tabindex]', place = Array.prototype.indexOf.call(main.querySelectorAll(stops), held);
                var scrolled = Array.prototype.map.call(main.querySelectorAll('.wide'), function (box) { return box.scrollLeft; });
                main.replaceWith(document.adoptNode(fresh));
                // Who was somewhere stays there.
                fresh.querySelectorAll('.wide').forEach(function (box, i) { box.scrollLeft = scrolled[i] || 0; });
                var stop = place < 0 ? null : fresh.querySelectorAll(stops)[place];
                if (stop) { stop.focus({ preventScroll: true }); }
                live.textContent = 'Updated ' + new Date().toISOString().slice(11, 19) + ' UTC';
              }).catch(function () { live.textContent = 'The service does not answer; trying again'; });
            }
            function listen() {
              if (!window.EventSource || source || !document.body.hasAttribute('data-live')) { return; }
              source = new EventSource('/events');
              source.addEventListener('state', function (event) {
                if (marker !== null && marker !== event.data) { renew(); } else if (live.textContent === '') { live.textContent = 'Live'; }
                marker = event.data;
              });
              source.onerror = function () { live.textContent = 'Connection lost; trying again'; };
              source.onopen = function () { if (/lost|answer/.test(live.textContent)) { live.textContent = 'Live'; } };
            }
            // A browser has few connections to a host: a hidden page keeps none.
            document.addEventListener('visibilitychange', function () {
              if (document.hidden) { if (source) { source.close(); source = null; } } else { listen(); }
            });
            window.addEventListener('pagehide', function () { if (source) { source.close(); source = null; } });
            listen();
          });
        })();
        """
}
