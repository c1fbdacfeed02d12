// Numbers and times as text. Same text in the browser and in the engine: no locale, times in UTC.
var JackfieldChart = JackfieldChart || {};
(function (jf) {
  'use strict';

  var MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  var DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  var MINUS = '\u2212';

  function group(digits) {
    return digits.replace(/\B(?=(\d{3})+$)/g, ',');
  }

  /** 1234.5 with 1 decimal: "1,234.5". */
  jf.fixed = function (value, decimals, grouped) {
    var parts = Math.abs(value).toFixed(Math.min(decimals, 20)).split('.');
    var zero = !/[1-9]/.test(parts[0] + (parts[1] || ''));
    var text = (grouped === false ? parts[0] : group(parts[0])) + (parts[1] ? '.' + parts[1] : '');
    return (value < 0 && !zero ? MINUS : '') + text;
  };

  /** 1234567 → "1.23M": at most three digits that matter. */
  jf.compact = function (value, decimals) {
    var units = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']];
    for (var i = 0; i < units.length; i++) {
      if (Math.abs(value) >= units[i][0] * 0.9995) {
        var scaled = value / units[i][0];
        var places = decimals === undefined ? Math.max(0, 2 - Math.floor(Math.log(Math.abs(scaled)) / Math.LN10 + 1e-9)) : decimals;
        return trim(jf.fixed(scaled, places), decimals) + units[i][1];
      }
    }
    return jf.plain(value, decimals);
  };

  function trim(text, decimals) {
    return decimals === undefined && text.indexOf('.') >= 0 ? text.replace(/\.?0+$/, '') : text;
  }

  /** A number nobody gave a pattern for: up to four digits that matter, thousands grouped. */
  jf.plain = function (value, decimals) {
    var size = Math.abs(value);
    if (decimals !== undefined) { return jf.fixed(value, decimals); }
    if (size !== 0 && (size < 1e-4 || size >= 1e15)) {
      return value.toExponential(2).replace('-', MINUS).replace('e+', 'e');
    }
    if (Math.round(value) === value) { return jf.fixed(value, 0); }
    var places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : Math.min(8, 3 - Math.floor(Math.log(size) / Math.LN10));
    return trim(jf.fixed(value, places));
  };

  /** value with a pattern: '#,##0.0', '0 %' (times 100), '0.0a' (k, M, G), any text around. No pattern: plain. */
  jf.number = function (value, pattern) {
    if (value === null || value === undefined || isNaN(value)) { return '\u2013'; }
    var found = pattern && /^([^#0]*)([#0,]*[#0])(?:\.([0#]+))?(.*)$/.exec(pattern);
    if (!found) { return jf.plain(value); }
    var decimals = found[3] ? found[3].length : 0;
    var tail = found[4];
    var text;
    if (tail.charAt(0) === 'a') {
      text = jf.compact(value, decimals || undefined);
      tail = tail.slice(1);
    } else {
      text = jf.fixed(tail.indexOf('%') >= 0 ? value * 100 : value, decimals, found[2].indexOf(',') >= 0);
      if (found[3] && found[3].indexOf('#') >= 0) {
        var least = found[3].indexOf('#');
        while (decimals > least && text.charAt(text.length - 1) === '0') { text = text.slice(0, -1); decimals--; }
        text = text.replace(/\.$/, '');
      }
    }
    return text.charAt(0) === MINUS ? MINUS + found[1] + text.slice(1) + tail : found[1] + text + tail;
  };

  function two(n) { return n < 10 ? '0' + n : '' + n; }

  /** ms since 1970 with a pattern of yyyy MMM MM d dd HH mm ss EEE. */
  jf.time = function (ms, pattern) {
    if (ms === null || ms === undefined || isNaN(ms)) { return '\u2013'; }
    var t = new Date(ms);
    return pattern.replace(/yyyy|MMM|MM|EEE|dd|d|HH|mm|ss/g, function (token) {
      switch (token) {
        case 'yyyy': return '' + t.getUTCFullYear();
        case 'MMM': return MONTHS[t.getUTCMonth()];
        case 'MM': return two(t.getUTCMonth() + 1);
        case 'EEE': return DAYS[t.getUTCDay()];
        case 'dd': return two(t.getUTCDate());
        case 'd': return '' + t.getUTCDate();
        case 'HH': return two(t.getUTCHours());
        case 'mm': return two(t.getUTCMinutes());
        default: return two(t.getUTCSeconds());
      }
    });
  };
})(JackfieldChart);
