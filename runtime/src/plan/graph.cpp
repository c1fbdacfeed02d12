// The graph of tasks, drawn with lines: columns are layers, an edge turns in the gutter between two of them.
#include "plan/plan.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace jackfield {

namespace {

enum : unsigned { up = 1, down = 2, left = 4, right = 8 };

/// A task, or a place where a long edge passes a layer.
struct Node {
    std::string name; // empty: only passing
    std::size_t layer = 0;
    std::size_t row = 0;
    std::vector<std::size_t> next;
    std::vector<std::size_t> previous;
};

std::size_t width_of(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Cells of lines and text. Grows as needed.
class Canvas {
public:
    void text(std::size_t row, std::size_t x, std::string_view text) { texts_[row][x] = text; }
    void horizontal(std::size_t row, std::size_t from, std::size_t to)
    {
        for (std::size_t x = from; x < to; ++x) {
            cell(row, x) |= right;
            cell(row, x + 1) |= left;
        }
    }
    void vertical(std::size_t x, std::size_t from, std::size_t to)
    {
        for (std::size_t row = std::min(from, to); row < std::max(from, to); ++row) {
            cell(row, x) |= down;
            cell(row + 1, x) |= up;
        }
    }
    [[nodiscard]] std::string draw()
    {
        std::string out;
        std::size_t rows = 0;
        for (const auto& [row, texts] : texts_)
            rows = std::max(rows, row + 1);
        for (std::size_t row = 0; row < std::max(rows, lines_.size()); ++row)
            out += line(row) + "\n";
        return out;
    }

private:
    unsigned& cell(std::size_t row, std::size_t x)
    {
        if (lines_.size() <= row)
            lines_.resize(row + 1);
        if (lines_[row].size() <= x)
            lines_[row].resize(x + 1);
        return lines_[row][x];
    }
    std::string line(std::size_t row)
    {
        static constexpr const char* glyphs[16] = {" ", "│", "│", "│", "─", "┘", "┐", "┤", "─", "└", "┌", "├", "─", "┴", "┬", "┼"};
        std::string out;
        const std::size_t cells = row < lines_.size() ? lines_[row].size() : 0;
        const auto& texts = texts_[row];
        std::size_t end = cells;
        for (const auto& [x, text] : texts)
            end = std::max(end, x + width_of(text));
        for (std::size_t x = 0; x < end;) {
            if (const auto text = texts.find(x); text != texts.end()) {
                out += text->second;
                x += width_of(text->second);
            } else {
                out += x < cells ? glyphs[lines_[row][x]] : " ";
                ++x;
            }
        }
        out.erase(out.find_last_not_of(' ') + 1);
        return out;
    }

    std::vector<std::vector<unsigned>> lines_;
    std::map<std::size_t, std::map<std::size_t, std::string>> texts_; // row → x → text
};

/// Whether `to` can be reached from `from` by another way than the direct edge.
bool longer_way(const std::vector<Node>& nodes, std::size_t from, std::size_t to)
{
    std::vector<std::size_t> open;
    std::set<std::size_t> seen;
    for (const std::size_t next : nodes[from].next)
        if (next != to)
            open.push_back(next);
    while (!open.empty()) {
        const std::size_t at = open.back();
        open.pop_back();
        if (at == to)
            return true;
        if (seen.insert(at).second)
            open.insert(open.end(), nodes[at].next.begin(), nodes[at].next.end());
    }
    return false;
}

void connect(std::vector<Node>& nodes, std::size_t from, std::size_t to)
{
    nodes[from].next.push_back(to);
    nodes[to].previous.push_back(from);
}

/// Tasks as nodes, with the edges that say something new, layers by longest way, long edges cut at each layer.
std::vector<Node> nodes_of(const Flow& flow)
{
    std::vector<Node> all(flow.tasks.size());
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].name = flow.tasks[i].name;
        places[all[i].name] = i;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
        for (const std::string& before : flow.tasks[i].after)
            if (const auto place = places.find(before); place != places.end())
                connect(all, place->second, i);
    for (std::size_t round = 0; round < all.size(); ++round) // a flow has no circles: this many rounds are enough
        for (const Node& node : all)
            for (const std::size_t next : node.next)
                all[next].layer = std::max(all[next].layer, node.layer + 1);
    std::vector<Node> out(all);
    for (Node& node : out)
        node.next.clear(), node.previous.clear();
    for (std::size_t from = 0; from < all.size(); ++from)
        for (const std::size_t to : all[from].next) {
            if (longer_way(all, from, to))
                continue;
            std::size_t last = from;
            for (std::size_t layer = all[from].layer + 1; layer < all[to].layer; ++layer) {
                out.push_back({"", layer, 0, {}, {}});
                connect(out, last, out.size() - 1);
                last = out.size() - 1;
            }
            connect(out, last, to);
        }
    return out;
}

/// Gives each node a row near the nodes that it comes after. Returns the nodes of each layer, top first.
std::vector<std::vector<std::size_t>> place_rows(std::vector<Node>& nodes)
{
    std::vector<std::vector<std::size_t>> layers;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        layers.resize(std::max(layers.size(), nodes[i].layer + 1));
        layers[nodes[i].layer].push_back(i);
    }
    for (auto& layer : layers) {
        std::map<std::size_t, double> wanted;
        for (const std::size_t i : layer) {
            double sum = 0;
            for (const std::size_t before : nodes[i].previous)
                sum += static_cast<double>(nodes[before].row);
            wanted[i] = nodes[i].previous.empty() ? 0 : sum / static_cast<double>(nodes[i].previous.size());
        }
        std::stable_sort(layer.begin(), layer.end(), [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
        std::size_t free = 0;
        for (const std::size_t i : layer) {
            nodes[i].row = std::max(free, static_cast<std::size_t>(wanted[i]));
            free = nodes[i].row + 1;
        }
    }
    return layers;
}

/// Draws the edges of one gutter: each node whose edges turn has a column of its own there.
void draw_gutter(Canvas& canvas, const std::vector<Node>& nodes, const std::vector<std::size_t>& layer, std::size_t x, std::size_t first_turn, std::size_t next_x)
{
    std::size_t turn = first_turn;
    for (const std::size_t i : layer) {
        const Node& from = nodes[i];
        const std::size_t start = from.name.empty() ? x : x + width_of(from.name) + 1;
        bool turns = false;
        for (const std::size_t to : from.next) {
            const std::size_t end = nodes[to].name.empty() ? next_x : next_x - 2;
            if (nodes[to].row == from.row) {
                canvas.horizontal(from.row, start, end);
            } else {
                turns = true;
                canvas.horizontal(from.row, start, turn);
                canvas.vertical(turn, from.row, nodes[to].row);
                canvas.horizontal(nodes[to].row, turn, end);
            }
            if (!nodes[to].name.empty())
                canvas.text(nodes[to].row, end, "▶");
        }
        turn += turns ? 2 : 0;
    }
}

} // namespace

std::string print_graph(const Flow& flow)
{
    std::vector<Node> nodes = nodes_of(flow);
    const auto layers = place_rows(nodes);
    Canvas canvas;
    std::size_t x = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        std::size_t width = 0, turning = 0;
        for (const std::size_t node : layers[i]) {
            width = std::max(width, width_of(nodes[node].name));
            turning += std::any_of(nodes[node].next.begin(), nodes[node].next.end(), [&](std::size_t to) { return nodes[to].row != nodes[node].row; });
            if (!nodes[node].name.empty())
                canvas.text(nodes[node].row, x, nodes[node].name);
        }
        const std::size_t first_turn = x + width + 2;
        const std::size_t next_x = x + width + 5 + 2 * turning;
        draw_gutter(canvas, nodes, layers[i], x, first_turn, next_x);
        x = next_x;
    }
    return canvas.draw();
}

} // namespace jackfield
