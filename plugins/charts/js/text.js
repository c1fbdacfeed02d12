// Fitting text into room: wrapping, cutting, measuring lists of labels.
(function (jf) {
  'use strict';

  var ELLIPSIS = '\u2026';

  /** Cuts `text` with an ellipsis so that it is at most `room` wide. */
  jf.cut = function (text, font, room, measure) {
    if (measure(text, font) <= room) { return text; }
    var characters = Array.from(text);
    var low = 0, high = characters.length;
    while (low < high) { // the longest beginning that fits
      var middle = (low + high + 1) >> 1;
      if (measure(characters.slice(0, middle).join('') + ELLIPSIS, font) <= room) { low = middle; } else { high = middle - 1; }
    }
    return characters.slice(0, low).join('').replace(/\s+$/, '') + ELLIPSIS;
  };

  // Keeps beginning and end: what tells apart names that start alike.
  function cutMiddle(text, font, room, measure) {
    if (measure(text, font) <= room) { return text; }
    var characters = Array.from(text);
    for (var keep = characters.length - 1; keep > 1; keep--) {
      var tail = Math.ceil(keep * 0.6);
      var out = characters.slice(0, keep - tail).join('') + ELLIPSIS + characters.slice(-tail).join('');
      if (measure(out, font) <= room) { return out; }
    }
    return jf.cut(text, font, room, measure);
  }

  /** Cuts each text to its room(index). Where different texts would look the same, their ends are kept. */
  jf.cutAll = function (texts, font, room, measure) {
    var seen = {}, alike = false;
    var out = texts.map(function (text, i) { return jf.cut(text, font, room(i), measure); });
    out.forEach(function (text, i) {
      alike = alike || (seen.hasOwnProperty(text) && seen[text] !== texts[i]);
      seen[text] = texts[i];
    });
    return alike ? texts.map(function (text, i) { return cutMiddle(text, font, room(i), measure); }) : out;
  };

  // Where a line may break: after spaces and hyphens; between any two characters of a script without spaces.
  function pieces(text) {
    return text.match(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\s\-\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+[\s\-]*|[\s\-]+/g) || [];
  }

  /** Breaks `text` into at most `most` lines of at most `room`; the last one is cut where it does not fit. */
  jf.wrap = function (text, font, room, most, measure) {
    var lines = [], line = '';
    text = text.replace(/\s+/g, ' ').trim();
    var parts = pieces(text);
    for (var i = 0; i < parts.length; i++) {
      if (line === '' || measure((line + parts[i]).trim(), font) <= room) {
        line += parts[i];
      } else if (lines.length === most - 1) {
        line += parts.slice(i).join('');
        break;
      } else {
        lines.push(line.trim());
        line = parts[i];
      }
    }
    if (line.trim() !== '') { lines.push(line.trim()); }
    return lines.map(function (one) { return jf.cut(one, font, room, measure); });
  };

  jf.widest = function (texts, font, measure) {
    return texts.reduce(function (widest, text) { return Math.max(widest, measure(text, font)); }, 0);
  };

  /** A piece of text for option.graphic.elements; x and y are its corner or, with align, its right or middle. */
  jf.label = function (text, x, y, font, fill, align) {
    return {type: 'text', x: x, y: y, silent: true,
            style: {text: text, font: font, fill: fill, align: align || 'left', verticalAlign: 'top'}};
  };
})(JackfieldChart);
