"""What makes a part of the documentation: reference pages, drawings, screenshots."""
