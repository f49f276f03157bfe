"""Bodies of the API: JSON whose texts can be kept and shown again."""

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from portal.core.texts import is_whole


class WholeParser(JSONParser):
    """JSON without half characters, which JSON can spell and UTF-8 cannot."""

    def parse(self, stream, media_type=None, parser_context=None):
        found = super().parse(stream, media_type, parser_context)
        if not is_whole(found):
            raise ParseError("A text of the body holds half a character.")
        return found
