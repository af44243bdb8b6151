"""The OpenAI protocol."""

from fastapi import APIRouter

router = APIRouter(tags=["openai"])
