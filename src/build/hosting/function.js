// Viewer-request function of the site, printed by `offprint hosting s3`.
// It cannot see which objects exist, so it goes by the shape of the path.
var PREFIX = @PREFIX@;
var EXPORTS = @EXPORTS@;
var MOVED = @MOVED@;
var ACCEPT = @ACCEPT@;
var HTML = @HTML@;
var FOLDERS = @FOLDERS@;
var FILE = new RegExp(@FILE@);
var REFUSED = /\/\/|\/%2f|%2f\/|\\|%5c|%00|%7f|%[01][0-9a-f]/i;
var HIDDEN = /(?:\/|%2f)(?:\.|%2e)/i;

function redirect(status, to, query, cache) {
  var names = Object.keys(query || {});
  var text = names.map(function (name) {
    return name + (query[name].value === '' ? '' : '=' + query[name].value);
  }).join('&');
  return {
    statusCode: status,
    statusDescription: status === 301 ? 'Moved Permanently' : 'See Other',
    headers: {
      location: { value: PREFIX + to + (text ? '?' + text : '') },
      'cache-control': { value: cache }
    }
  };
}

function handler(event) {
  var request = event.request;
  var path = request.uri;
  request.uri = '/404.html';
  if (path.indexOf(PREFIX + '/') !== 0 || REFUSED.test(path)) return request;
  path = path.slice(PREFIX.length);
  if (HIDDEN.test(path.replace(/^\/(?:\.|%2e)well-known\//i, '/'))) return request;

  var found = /^\/records?\/([a-z0-9][a-z0-9._-]*)\/export\/([a-z0-9-]+)\/?$/.exec(path);
  if (found) {
    var file = EXPORTS[found[2]];
    return file ? redirect(301, '/records/' + found[1] + '/' + file, null, '@CACHE_PAGE@') : request;
  }
  for (var i = 0; i < MOVED.length; i++) {
    if (path.indexOf(MOVED[i][0]) === 0) {
      var to = MOVED[i][1] + path.slice(MOVED[i][0].length);
      return redirect(301, to, request.querystring, '@CACHE_PAGE@');
    }
  }
  if (path === '/404.html') return request;
  if (/\.html$/.test(path)) {
    var page = path.replace(/\/index\.html$/, '/').replace(/\.html$/, '');
    return redirect(301, page, request.querystring, '@CACHE_PAGE@');
  }
  var folder = FOLDERS.indexOf(path.replace(/\/$/, '')) >= 0;
  if (folder && !/\/$/.test(path)) {
    return redirect(301, path + '/', request.querystring, '@CACHE_PAGE@');
  }
  if (path === '/' || folder) {
    request.uri = path + 'index.html';
    return request;
  }
  if (/\/$/.test(path)) {
    return redirect(301, path.slice(0, -1), request.querystring, '@CACHE_PAGE@');
  }
  var record = /^\/(api\/)?records\/([a-z0-9][a-z0-9._-]*)$/.exec(path);
  if (record) {
    var accept = request.headers.accept ? request.headers.accept.value.toLowerCase() : '';
    var named = function (kind) { return accept.indexOf(kind) >= 0; };
    if (!HTML.some(named)) {
      for (var j = 0; j < ACCEPT.length; j++) {
        if (named(ACCEPT[j][0])) {
          return redirect(303, '/records/' + record[2] + '/' + ACCEPT[j][1], null, '@NO_STORE@');
        }
      }
    }
    request.uri = record[1] ? '/records/' + record[2] + '/@API@' : path + '.html';
    return request;
  }
  // A DOI may end like a file; its page never does.
  request.uri = FILE.test(path) && path.indexOf('/doi/') !== 0 ? path : path + '.html';
  return request;
}
