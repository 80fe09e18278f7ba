"""What a message in HTML begins as: one of each part it must have, in sentences that all languages have already."""

from collections.abc import Mapping

_SUBJECT = """{{ _("New this week from the makers") }}
{{ _("Six things to try in your shop, from a few pieces each.") }}
"""
_BODY = """<!doctype html>
<html lang="{{ locale }}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{{ _("New this week from the makers") }}</title>
  {% include "look.html" %}
</head>
<body style="margin:0;padding:10px 0;background-color:#f4f4f1">
  <div style="display:none">{{ preheader }}</div>
  {{ header() }}
  {{ section(heading(_("New this week, straight from the makers")), text(greeting)) }}
  {{ section(button(link(shop_url ~ "/new"), _("See everything that is new"))) }}
  {{ footer() }}
</body>
</html>
"""
_TEXT = """{{ heading(_("New this week, straight from the makers")) }}

{{ greeting }}

{{ button(link(shop_url ~ "/new"), _("See everything that is new")) }}

{{ footer() }}
"""
HTML_MESSAGE: Mapping[str, str] = {"subject.txt": _SUBJECT, "body.html": _BODY, "body.txt": _TEXT}
"""By the name of the file. Its CSS is written into its elements when it is sent."""
