// The browser's side: draws every card of the page, again when its width changes.
/* global echarts, JackfieldChart */
(function () {
  'use strict';
  var jf = JackfieldChart;
  var charts = JSON.parse(document.getElementById('charts').textContent);
  var ruler = document.createElement('canvas').getContext('2d');

  function measure(text, font) {
    ruler.font = font;
    return ruler.measureText(text).width;
  }

  function theme() {
    var fixed = document.documentElement.getAttribute('data-theme');
    return fixed || (window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  }

  function element(name, text, className) {
    var out = document.createElement(name);
    if (text) { out.textContent = text; } // never innerHTML: names come from data
    if (className) { out.className = className; }
    return out;
  }

  function drawTable(card, chart) {
    var spec = chart.spec, columns = chart.data.columns, order = columns[0] ? columns[0].values.map(function (v, i) { return i; }) : [];
    var box = element('div', '', 'table'), table = element('table'), head = table.createTHead().insertRow(), body = table.createTBody();
    var texts = columns.map(function (column) { return jf.cellTexts(column, (spec.format || {})[column.name]); });
    var sortedBy = -1, down = false;
    function fill() {
      body.textContent = '';
      order.forEach(function (row) {
        var line = body.insertRow();
        columns.forEach(function (column, i) { line.appendChild(element('td', texts[i][row], column.kind)); });
      });
    }
    columns.forEach(function (column, i) {
      var cell = element('th', '', column.kind), button = element('button', column.name);
      button.onclick = function () {
        down = sortedBy === i && !down;
        sortedBy = i;
        order.sort(function (a, b) {
          var x = column.values[a], y = column.values[b];
          return x === y ? a - b : x === null ? 1 : y === null ? -1 : (x < y ? -1 : 1) * (down ? -1 : 1);
        });
        fill();
      };
      cell.appendChild(button);
      head.appendChild(cell);
    });
    fill();
    if (spec.title) { card.appendChild(element('h2', spec.title)); }
    if (spec.subtitle) { card.appendChild(element('p', spec.subtitle, 'subtitle')); }
    box.appendChild(table);
    card.appendChild(box);
    var note = (spec.note ? [spec.note] : []).concat(order.length ? chart.data.remarks : ['No data']).join(' \u00b7 ');
    if (note) { card.appendChild(element('p', note, 'note')); }
  }

  function drawChart(card, chart) {
    var drawing = null, drawnWidth = 0;
    function draw() {
      var width = Math.max(160, card.clientWidth);
      if (width === drawnWidth) { return; }
      drawnWidth = width;
      if (drawing) { drawing.dispose(); }
      drawing = echarts.init(card, null, {renderer: 'canvas', width: width, height: chart.spec.height});
      var copy = JSON.parse(JSON.stringify(chart));
      copy.spec.theme = theme();
      drawing.setOption(jf.option(copy, {width: width, height: chart.spec.height, measure: measure, interactive: true}));
    }
    card.setAttribute('role', 'img');
    card.setAttribute('aria-label', jf.describe(chart));
    draw();
    new ResizeObserver(function () { window.requestAnimationFrame(draw); }).observe(card);
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', function () { drawnWidth = 0; draw(); });
  }

  charts.forEach(function (chart, i) {
    var card = document.getElementById('chart-' + i);
    if (chart.spec.kind === 'table') { drawTable(card, chart); } else { drawChart(card, chart); }
  });
})();
