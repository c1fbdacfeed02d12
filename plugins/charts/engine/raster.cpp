// librsvg draws, cairo encodes.
#include "raster.hpp"

#include <cairo.h>
#include <librsvg/rsvg.h>

#include <cmath>

namespace jackfield::charts {
namespace {

cairo_status_t append(void* out, const unsigned char* data, unsigned int length)
{
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(data), length);
    return CAIRO_STATUS_SUCCESS;
}

bool draw(RsvgHandle* handle, double scale, std::string& out)
{
    gdouble width = 0;
    gdouble height = 0;
    if (rsvg_handle_get_intrinsic_size_in_pixels(handle, &width, &height) == FALSE) {
        out = "the drawing has no size";
        return false;
    }
    cairo_surface_t* surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, static_cast<int>(std::lround(width * scale)), static_cast<int>(std::lround(height * scale)));
    cairo_t* cairo = cairo_create(surface);
    cairo_scale(cairo, scale, scale);
    const RsvgRectangle page{0, 0, width, height};
    GError* error = nullptr;
    bool done = rsvg_handle_render_document(handle, cairo, &page, &error) != FALSE;
    out.clear();
    if (!done) {
        out = error->message;
        g_error_free(error);
    } else if (cairo_surface_write_to_png_stream(surface, append, &out) != CAIRO_STATUS_SUCCESS) {
        out = "the picture could not be encoded (size?)";
        done = false;
    }
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return done;
}

} // namespace

bool svg_to_png(const std::string& svg, double scale, std::string& out)
{
    GError* error = nullptr;
    RsvgHandle* handle =
        rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error);
    if (handle == nullptr) {
        out = error->message;
        g_error_free(error);
        return false;
    }
    rsvg_handle_set_dpi(handle, 96);
    const bool done = draw(handle, scale, out);
    g_object_unref(handle);
    return done;
}

} // namespace jackfield::charts
