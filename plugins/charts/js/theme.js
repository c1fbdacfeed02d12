// Colours and fonts. Text has at least 4.5:1 against the ground, marks at least 3:1; the test measures it.
(function (jf) {
  'use strict';

  // Without quotes: ECharts writes the list into style attributes as it stands.
  jf.FAMILY = 'Noto Sans, Segoe UI, Helvetica Neue, Arial, DejaVu Sans, sans-serif';

  var light = {
    ground: '#ffffff', title: '#17202e', text: '#3f4a5a', muted: '#5d6879', line: '#e3e7ed', axis: '#8a94a4',
    empty: '#f4f6f9', others: '#6f7a8a', good: '#14774f', bad: '#b3261e',
    palette: ['#2b6cd4', '#c8560c', '#12866a', '#a83a97', '#8a6a00', '#5a4fd0', '#0b819d', '#c02f45', '#557a1c',
              '#8c5a3c'],
    ramp: ['#eaf2fb', '#b9d5f1', '#7fb2e5', '#4389d3', '#1d5fae', '#0b3a75'],
    diverging: ['#a1301b', '#dd7a57', '#f6cdb9', '#f5f5f5', '#bcd7ee', '#5c9bd3', '#1b5a9c']
  };
  var dark = {
    ground: '#151a22', title: '#f2f5f9', text: '#c3cbd8', muted: '#98a3b5', line: '#2a323e', axis: '#6b7687',
    empty: '#1b212b', others: '#8b96a8', good: '#56cf9c', bad: '#ff8f86',
    palette: ['#6ea8fe', '#ff9a57', '#45cba1', '#ec8fdc', '#dcbb45', '#a99dff', '#55cbe2', '#ff8796', '#a5cc5c',
              '#d3a083'],
    ramp: ['#1d2b40', '#21456f', '#2a66a8', '#4b8cd6', '#85b8ee', '#cfe4fb'],
    diverging: ['#ff9877', '#c9603f', '#6b3527', '#2b313b', '#274a70', '#3f83c4', '#8fc1f2']
  };

  jf.theme = function (name) { return name === 'dark' ? dark : light; };

  jf.font = function (size, bold) { return (bold ? 'bold ' : '') + size + 'px ' + jf.FAMILY; };

  function channels(colour) {
    return [1, 3, 5].map(function (at) { return parseInt(colour.substr(at, 2), 16); });
  }

  function luminance(colour) {
    var c = channels(colour).map(function (v) {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  }

  /** Contrast of two #rrggbb colours as WCAG 2 defines it, 1 to 21. */
  jf.contrast = function (a, b) {
    var x = luminance(a), y = luminance(b);
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };

  /** The darker or the lighter ink, whichever reads better on `ground`. */
  jf.inkOn = function (ground) {
    return jf.contrast('#ffffff', ground) >= jf.contrast('#000000', ground) ? '#ffffff' : '#000000';
  };

  /** Colour at `share` (0 to 1) of a list of colours. */
  jf.between = function (colours, share) {
    var at = Math.max(0, Math.min(1, share)) * (colours.length - 1);
    var low = Math.min(Math.floor(at), colours.length - 2);
    var a = channels(colours[low]), b = channels(colours[low + 1]);
    return '#' + a.map(function (v, i) {
      var mixed = Math.round(v + (b[i] - v) * (at - low)).toString(16);
      return mixed.length < 2 ? '0' + mixed : mixed;
    }).join('');
  };

  /** Colour of series `index`; what is gathered as "Others" is grey. */
  jf.colour = function (theme, index, name) {
    return /^Others \([\d,]+\)$/.test(name) ? theme.others : theme.palette[index % theme.palette.length];
  };
})(JackfieldChart);
